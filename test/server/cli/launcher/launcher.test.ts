import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderBatchFile } from '../../../../server/cli/launcher/batch-file.ts';
import { launcherFile, removeLauncher, writeLauncher } from '../../../../server/cli/launcher/launcher.ts';
import { renderShellScript } from '../../../../server/cli/launcher/shell-script.ts';
import { flagsToArgs } from '../../../../server/cli/serve/background.ts';
import { serveCommand } from '../../../../server/cli/serve/own-command.ts';
import { uninstall } from '../../../../server/cli/uninstall.ts';
import { packageRoot } from '../../../../server/system/package-root.ts';
import { OFFLINE } from '../../../fixtures/offline.ts';
import { startStandInServer } from '../../../fixtures/stand-in.ts';
import { recordTerminal } from '../recorder.ts';

const posix = process.platform !== 'win32';
const never = new AbortController().signal;
let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), `hairline launcher ü & it's `));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const HOSTILE = [
  'a b',
  `it's "so"`,
  '$HOME `id` $(id)',
  '100% & more; exit 7 | x > y',
  'Jörg 写真',
  '\\n \\',
  '!x *',
  'line\nfeed',
];

describe('the script for macOS and Linux', () => {
  it.skipIf(!posix).each(HOSTILE)('passes on every word as it is: %j', (name) => {
    const program = path.join(home, name, 'no node');
    mkdirSync(path.dirname(program), { recursive: true });
    writeFileSync(program, '#!/bin/sh\nprintf "%s\\0" "$0" "$@"\n', { mode: 0o755 });
    const script = path.join(home, 'start-hairline.sh');
    writeFileSync(script, renderShellScript([program, ...HOSTILE]), { mode: 0o755 });
    const { status, stdout, stderr } = spawnSync(script, [], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\0').slice(0, -1)).toEqual([program, ...HOSTILE]);
  });

  it.skipIf(!posix)('ends without a prompt when it has no terminal', () => {
    const run = (command: string[]) =>
      spawnSync('/bin/sh', ['-c', renderShellScript(command)], { encoding: 'utf8', input: '' });
    expect(run(['/bin/sh', '-c', 'exit 3'])).toMatchObject({ status: 1, stdout: '' });
    expect(run(['/no/such/node'])).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('the file for Windows', () => {
  /** What a console makes of one line of words in quotes, percent signs first. */
  const wordsOf = (line: string) =>
    [...line.replaceAll('%%', '\0').matchAll(/"([^"]*)"/g)].map(([, word]) =>
      word!.replaceAll('\0', '%').replace(/(\\+)$/, (slashes) => slashes.slice(slashes.length / 2)),
    );

  it('holds every word that a path may have', () => {
    const command = [
      'C:\\Program Files (x86)\\node & co\\node.exe',
      'C:\\Users\\Jörg 写真\\100% of %PATH%\\^bin!.mjs',
      "D:\\it's, a; folder\\",
    ];
    const text = renderBatchFile(command);
    const lines = text.split('\r\n');
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(lines[0]).toBe('@chcp 65001 >nul');
    const line = lines.find((text) => text.startsWith('"'))!;
    expect(line.replaceAll('%%', '')).not.toContain('%');
    expect(line.replaceAll(/"[^"]*"/g, '')).toBe('  ');
    expect(wordsOf(line)).toEqual(command);
  });

  it.each(['a"b', 'a\nb', 'a\rb', 'a\0b'])('is not written for %j, which no batch file can hold', (word) => {
    expect(() => renderBatchFile(['node', word])).toThrow('batch file');
  });
});

describe('the launcher', () => {
  it.each([
    ['darwin', 'start-hairline.command'],
    ['linux', 'start-hairline.sh'],
    ['win32', 'start-hairline.cmd'],
  ] as const)('on %s is %s, and is kept up to date', async (platform, name) => {
    const place = { platform, home, env: {} };
    const file = path.join(home, '.hairline', name);
    expect(launcherFile(place)).toBe(file);
    await writeLauncher(place);
    const text = readFileSync(file, 'utf8');
    for (const word of serveCommand({}, '--background')) expect(text).toContain(word);
    if (posix) expect(statSync(file).mode & 0o777).toBe(0o755);
    writeFileSync(file, 'old');
    await writeLauncher({ ...place, env: { HAIRLINE_DEVICE: 'cpu' } });
    expect(readFileSync(file, 'utf8')).toMatch(/['"]--device['"] ['"]cpu['"]/);
    expect(readdirSync(path.dirname(file))).toEqual([name]);
    expect(await removeLauncher(place)).toBe(true);
    expect(await removeLauncher(place)).toBe(false);
    expect(readdirSync(home)).toEqual([]);
  });

  it('leaves what else is in its folder', async () => {
    const place = { platform: 'linux', home, env: {} } as const;
    await writeLauncher(place);
    writeFileSync(path.join(home, '.hairline', 'mine'), '');
    await removeLauncher(place);
    expect(readdirSync(path.join(home, '.hairline'))).toEqual(['mine']);
  });

  it.skipIf(!posix)('starts a server that stays, once, and uninstall leaves nothing behind', async () => {
    const free = await startStandInServer({}, { install: false });
    await free.close();
    const settings = path.join(home, 'settings');
    const env = {
      ...process.env,
      HOME: home,
      HAIRLINE_PORT: String(free.port),
      HAIRLINE_CONFIG: settings,
      HAIRLINE_CACHE: path.join(home, 'cache'),
      HAIRLINE_LOG_DIR: path.join(home, 'logs'),
      HAIRLINE_DEVICE: 'cpu',
      // The model is not what this is about.
      ...OFFLINE,
    };
    const place = { platform: process.platform, home, env };
    const bin = path.join(packageRoot, 'server', 'cli', 'bin.mjs');
    await writeLauncher(place);
    const cli = (...args: string[]) =>
      spawnSync(process.execPath, [bin, ...args], {
        env,
        encoding: 'utf8',
      });
    const open = () => spawnSync(launcherFile(place), [], { env, encoding: 'utf8', input: '' });
    try {
      const first = open();
      expect(first).toMatchObject({ status: 0, stderr: expect.stringContaining(`127.0.0.1:${free.port}`) });
      const status = JSON.parse(cli('status', '--json').stdout);
      expect(status).toMatchObject({ running: true, url: `http://127.0.0.1:${free.port}` });
      expect(open().status).toBe(0);
      expect(JSON.parse(cli('status', '--json').stdout).pid).toBe(status.pid);
      expect(cli('logs').stdout).toContain('listening');
      const log = readFileSync(path.join(home, 'logs', 'hairline.log'), 'utf8');
      expect(log).not.toContain(home);
    } finally {
      writeFileSync(path.join(settings, 'mine.txt'), 'kept');
      const removed = cli('uninstall', '--yes');
      expect(removed).toMatchObject({ status: 0, stderr: expect.stringContaining(path.join(home, 'cache')) });
    }
    expect(JSON.parse(cli('status', '--json').stdout || '{}').url).not.toBe(`http://127.0.0.1:${free.port}`);
    const left = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(left.map(({ name }) => name).filter((name) => !/onnx|verdict/.test(name))).toEqual(['mine.txt']);
  });
});

describe('uninstall', () => {
  const folders = () => ({
    configDir: path.join(home, 'config'),
    logDir: path.join(home, 'log'),
    cacheDir: path.join(home, 'cache'),
  });
  const steps = (stopped = 0) => ({
    stop: async () => stopped,
    autostartOff: async () => 0,
    removeVersions: async () => {},
    home,
    platform: process.platform,
  });
  const remove = async (yes: boolean, stopped = 0, models = false) => {
    const recorder = recordTerminal();
    const code = await uninstall(folders(), steps(stopped), { yes, models }, recorder.terminal, never);
    return { code, err: recorder.err };
  };

  it('asks for confirmation, and does nothing when not interactive', async () => {
    const { configDir } = folders();
    mkdirSync(configDir);
    writeFileSync(path.join(configDir, 'config.json'), '{}');
    await expect(remove(false)).rejects.toThrow('--yes');
    expect(readdirSync(configDir)).toEqual(['config.json']);
  });

  it('removes only what is its own', async () => {
    const { configDir, logDir, cacheDir } = folders();
    for (const folder of [configDir, logDir, cacheDir]) mkdirSync(folder);
    const ours = {
      'config.json': '\ufeff{"port": 7867}',
      'clients.json': '{"clients": []}',
      'server.json': '{"port": 7866, "startedAt": ""}',
      'server.json.123': '{"port": 7866, "startedAt": ""}',
      'autostart.xml': '<Task/>',
    };
    for (const [name, text] of Object.entries({ ...ours, 'mine.json': '{}' }))
      writeFileSync(path.join(configDir, name), text);
    for (const name of ['hairline.log', 'hairline.1.log']) writeFileSync(path.join(logDir, name), '');
    writeFileSync(path.join(cacheDir, 'model.onnx'), '');
    expect(await remove(true)).toMatchObject({ code: 0, err: expect.stringContaining(cacheDir) });
    expect(readdirSync(home).sort()).toEqual(['cache', 'config']);
    expect(readdirSync(configDir)).toEqual(['mine.json']);
    expect(readdirSync(cacheDir)).toEqual(['model.onnx']);
    expect((await remove(true)).code).toBe(0);
  });

  it('removes the models when asked to, and no other file beside them', async () => {
    const { cacheDir } = folders();
    const models = path.join(cacheDir, 'models');
    for (const id of ['rvm', 'isnet', 'mine']) mkdirSync(path.join(models, id), { recursive: true });
    for (const name of ['rvm/rvm.onnx', 'isnet/isnet.onnx.0123456789ab.part', 'mine/mine.onnx'])
      writeFileSync(path.join(models, name), '');
    writeFileSync(path.join(cacheDir, 'providers.json'), '{}');
    expect(await remove(true, 0, true)).toMatchObject({ code: 0, err: expect.not.stringContaining('Kept') });
    expect(readdirSync(cacheDir, { recursive: true, encoding: 'utf8' }).sort()).toEqual([
      'models',
      path.join('models', 'mine'),
      path.join('models', 'mine', 'mine.onnx'),
    ]);
    rmSync(path.join(models, 'mine'), { recursive: true });
    await remove(true, 0, true);
    expect(readdirSync(home)).toEqual([]);
  });

  it.skipIf(!posix)('leaves what another program keeps under such names, and what links lead to', async () => {
    const { configDir, logDir } = folders();
    mkdirSync(configDir);
    const theirs = {
      'config.json': '{"database": 1}',
      'server.json': '{"port": 80}',
      'clients.json': '[]',
      'clients.json.1': 'x',
    };
    for (const [name, text] of Object.entries(theirs)) writeFileSync(path.join(configDir, name), text);
    const elsewhere = path.join(home, 'elsewhere');
    mkdirSync(path.join(elsewhere, 'deep'), { recursive: true });
    writeFileSync(path.join(elsewhere, 'precious'), 'kept');
    mkdirSync(logDir);
    symlinkSync(path.join(elsewhere, 'precious'), path.join(logDir, 'hairline.log'));
    symlinkSync(path.join(elsewhere, 'deep'), path.join(logDir, 'hairline.1.log'));
    await remove(true);
    expect(readdirSync(configDir).sort()).toEqual(Object.keys(theirs).sort());
    expect(readdirSync(elsewhere).sort()).toEqual(['deep', 'precious']);
  });

  it('continues past failures and names them', async () => {
    const { configDir, logDir } = folders();
    mkdirSync(logDir);
    writeFileSync(path.join(logDir, 'hairline.log'), '');
    writeFileSync(configDir, 'a file where a folder should be');
    const { code, err } = await remove(true);
    expect(code).toBe(1);
    expect(err).toContain(`Cannot remove ${configDir} (ENOTDIR).`);
    expect(readdirSync(home)).toEqual(['config']);
    expect((await remove(true, 1)).code).toBe(1);
  });
});

it('a background server gets the flags that were given', () => {
  expect(flagsToArgs({ port: 7867, strict: true, recheck: false, cacheDir: '/a b', model: undefined })).toEqual([
    '--port',
    '7867',
    '--strict',
    '--cache-dir',
    '/a b',
  ]);
});
