import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { create, extract } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../server/system/package-root.ts';
import { type Answer, bundleFile, coverage, differ, expectedMask, PHOTO } from './photo.ts';

/** The programs of any Linux that the launcher needs; all else in there comes from the bundle. */
const SYSTEM = ['/bin/sh', '/usr/bin/dirname', '/usr/bin/readlink'];
const NEXT = '99.0.0';
const bundle = bundleFile('linux-x64.tar.gz');
const reason = whyNot();
if (reason) console.log(`Linux bundle skipped: ${reason}`);

function whyNot(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'this is not Linux on x64.';
  if (!existsSync(bundle)) return 'run "npm run bundle -- --platform linux-x64" first.';
  const { status } = spawnSync('unshare', ['-rmnpf', 'ip', 'link', 'set', 'lo', 'up']);
  return status === 0 ? null : 'this system does not let users make namespaces (unshare, ip).';
}

/** Runs inside: no file of this computer, no network but its own loopback. */
const CLIENT = `
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
const started = performance.now();
const run = (...args) => {
  const { status, stdout, stderr, error } = spawnSync('/opt/é x/Hairline/hairline', args, { encoding: 'utf8' });
  return { status, text: String(stdout) + String(stderr) + (error ?? '') };
};
const facts = { open: run('open') };
const status = JSON.parse(run('status', '--json').text.split('\\n')[0]);
const photo = readFileSync('/photo.png');
const headers = { 'content-type': 'image/png', accept: 'application/octet-stream' };
const ask = () => fetch(status.url + '/v1/mattes', { method: 'POST', headers, body: photo });
let answer = await ask();
while (answer.status === 503) {
  facts.waited = (await answer.json()).error.code;
  await new Promise((resolve) => setTimeout(resolve, 100));
  answer = await ask();
}
writeFileSync('/alpha.raw', new Uint8Array(await answer.arrayBuffer()));
facts.seconds = (performance.now() - started) / 1000;
facts.answer = { status: answer.status, width: +answer.headers.get('x-image-width'), height: +answer.headers.get('x-image-height'), model: answer.headers.get('x-model') };
facts.page = (await fetch(status.url + '/')).status;
facts.outside = await fetch('http://1.1.1.1', { signal: AbortSignal.timeout(2000) }).then(() => 'reached', () => 'unreachable');
facts.matte = run('matte', '/photo.png', '-d', '/home/out', '--json');
const next = readFileSync('/next.tgz');
const name = 'Hairline-NEXT-linux-x64.tar.gz';
const page = createServer((request, response) => {
  const asset = (file) => ({ name: file, browser_download_url: 'http://127.0.0.1:8099/' + file, size: file === name ? next.length : 1 });
  if (request.url === '/latest') response.end(JSON.stringify({ tag_name: 'vNEXT', assets: [name, 'SHA256SUMS'].map(asset) }));
  else if (request.url === '/SHA256SUMS') response.end(createHash('sha256').update(next).digest('hex') + '  ' + name + '\\n');
  else response.end(next);
});
await new Promise((resolve) => page.listen(8099, '127.0.0.1', resolve));
const versionOf = async () => (await (await fetch(status.url + '/health')).json()).version;
const programOf = () => readFileSync('/proc/' + JSON.parse(run('status', '--json').text.split('\\n')[0]).pid + '/cmdline', 'utf8').split('\\0')[0];
const change = async (...args) => {
  const child = spawn('/opt/é x/Hairline/hairline', ['update', ...args], { env: { ...process.env, HAIRLINE_RELEASES: 'http://127.0.0.1:8099/latest' } });
  let text = '';
  child.stderr.on('data', (data) => { text += data; });
  const [status] = await once(child, 'exit');
  return { status, text, server: await versionOf(), program: programOf(), command: run('--version').text.trim() };
};
facts.updated = await change('--yes');
facts.back = await change('--rollback');
page.close();
facts.removed = run('uninstall', '--yes', '--models');
facts.after = run('status', '--json').text.split('\\n')[0];
facts.home = readdirSync('/home', { recursive: true });
facts.tmp = readdirSync('/tmp');
writeFileSync('/facts.json', JSON.stringify(facts));
`;

interface Ran {
  status: number | null;
  text: string;
}

/** After another version was chosen: which one the server and the command line are, and the server's program. */
interface Changed extends Ran {
  server: string;
  program: string;
  command: string;
}

/** What the client found. */
interface Facts {
  open: Ran;
  seconds: number;
  answer: Omit<Answer, 'alpha'> & { status: number };
  page: number;
  outside: string;
  matte: Ran;
  updated: Changed;
  back: Changed;
  removed: Ran;
  after: string;
  home: string[];
  tmp: string[];
}

describe.skipIf(reason)('the Linux bundle on a computer without Node and without network', () => {
  let root: string;
  let facts: Facts;

  beforeAll(async () => {
    root = mkdtempSync(path.join(os.tmpdir(), 'hairline-bundle-'));
    const app = path.join(root, 'opt', 'é x');
    for (const folder of [
      app,
      path.join(root, 'home'),
      path.join(root, 'proc'),
      path.join(root, 'dev'),
      path.join(root, 'tmp'),
    ])
      mkdirSync(folder, { recursive: true });
    await extract({ file: bundle, cwd: app });
    const natives = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /(\.node|\.so(\.\d+)*|\/node)$/.test(name),
    );
    const own = natives.map((name) => path.join(app, name)).filter((file) => statSync(file).isFile());
    copyWithLibraries(own, root);
    copyFileSync(PHOTO, path.join(root, 'photo.png'));
    writeFileSync(path.join(root, 'client.mjs'), CLIENT.replaceAll('NEXT', NEXT));
    await packNext(app, path.join(root, 'next.tgz'));
    // An unmounted /dev has no null device, which every program may expect.
    for (const name of ['null', 'urandom']) writeFileSync(path.join(root, 'dev', name), '');
    const inside = [
      'ip link set lo up',
      `mount -t proc proc "$1/proc"`,
      `for d in null urandom; do mount --bind /dev/$d "$1/dev/$d"; done`,
      `env -i HOME=/home PATH=/usr/bin:/bin "$(command -v chroot)" "$1" "/opt/é x/Hairline/node" /client.mjs`,
    ].join(' && ');
    // The shell stays, as the first process: one that has ended is only gone when that one has asked for it.
    execFileSync('unshare', ['-rmnpf', '--kill-child', 'sh', '-c', `${inside}; exit $?`, 'sh', root], {
      stdio: ['ignore', 2, 2],
    });
    facts = JSON.parse(readFileSync(path.join(root, 'facts.json'), 'utf8'));
    console.log(`First mask ${facts.seconds.toFixed(1)} s after "hairline open".`);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('starts, and names its page where no browser can be opened', () => {
    expect(facts.open.text).toContain('http://127.0.0.1:7866/');
    expect([facts.page, facts.outside]).toEqual([200, 'unreachable']);
  });

  it('masks a photo as this checkout does with the same networks', async () => {
    const models = path.join(root, 'opt', 'é x', 'Hairline', 'app', 'models');
    const expected = await expectedMask(models, path.join(root, 'empty'));
    const got = { ...facts.answer, alpha: new Uint8Array(readFileSync(path.join(root, 'alpha.raw'))) };
    expect(facts.answer).toMatchObject({ status: 200, model: expected.model });
    expect(differ(got, expected)).toEqual({ largest: 0, mean: 0 });
    expect(coverage(got)).toBeGreaterThan(0.2);
    expect(coverage(got)).toBeLessThan(0.8);
  });

  it('mattes from the command line', () => {
    expect(facts.matte.status).toBe(0);
  });

  it('updates itself while its server runs, and goes back', () => {
    expect(facts.updated).toMatchObject({
      ...{ status: 0, server: NEXT, command: NEXT },
      // In the place of the program that was started, which no longer runs.
      program: `/opt/é x/Hairline/versions/${NEXT}/node`,
    });
    expect(facts.back).toMatchObject({
      ...{ status: 0, server: VERSION, command: VERSION, program: '/opt/é x/Hairline/node' },
    });
  });

  it('leaves no file behind after its removal, but the results that the user made', () => {
    expect(facts.removed.status, facts.removed.text).toBe(0);
    expect(facts.after).toBe('{"running":false}');
    const left = facts.home.filter((name: string) => !/^out(\/|$)/.test(name));
    expect(left.filter((name: string) => !/^\.(config|cache|local)(\/(share|state))?$/.test(name))).toEqual([]);
    expect(facts.tmp).toEqual([]);
  });
});

/** A next version, which differs in its number alone. */
async function packNext(app: string, file: string): Promise<void> {
  const about = path.join(app, 'Hairline', 'app', 'package.json');
  const text = readFileSync(about, 'utf8');
  writeFileSync(about, JSON.stringify({ ...JSON.parse(text), version: NEXT }));
  await create({ file, cwd: app, gzip: { level: 1 } }, ['Hairline']);
  writeFileSync(about, text);
}

/** The programs of the system and its libraries that `ldd` names for all of them, at their places below another root. */
function copyWithLibraries(own: readonly string[], root: string): void {
  const text = execFileSync('ldd', [...SYSTEM, ...own], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const libraries = [...text.matchAll(/(?:=> )?(\/\S.*) \(0x/g)].map((match) => match[1]!);
  for (const file of new Set([...SYSTEM, ...libraries.filter((name) => !name.startsWith(root))])) {
    const target = path.join(root, file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
}
