import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { parse as parsePlist } from 'plist';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type Action, autostart } from '../../../../server/cli/autostart/autostart.ts';
import { renderLaunchAgent } from '../../../../server/cli/autostart/launch-agent.ts';
import { quoteWindows, renderTask } from '../../../../server/cli/autostart/logon-task.ts';
import { type Place, type Run, runProgram } from '../../../../server/cli/autostart/starter.ts';
import { renderUnit } from '../../../../server/cli/autostart/systemd-unit.ts';
import { serveCommand } from '../../../../server/cli/serve/own-command.ts';
import { packageRoot } from '../../../../server/system/package-root.ts';
import { recordTerminal } from '../recorder.ts';

const NASTY = ['/Users/Jörg & "Söhne" <x>/node', "/it's 100%/$HOME \\n/bin.mjs", 'serve'];

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'hairline ü & autostart '));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('what is written', () => {
  it('a property list for launchd, whatever the paths are', () => {
    const log = '/Users/Jörg & Co/hairline.log';
    expect(parsePlist(renderLaunchAgent(NASTY, log))).toEqual({
      Label: 'hairline.server',
      ProgramArguments: NASTY,
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      ThrottleInterval: 30,
      ExitTimeOut: 40,
      ProcessType: 'Interactive',
      StandardOutPath: log,
      StandardErrorPath: log,
    });
  });

  it('a task for Windows, for this user only and without an administrator', () => {
    const command = ['C:\\Program Files\\node & co\\node.exe', 'C:\\Users\\Jörg\\Hair<line\\bin.mjs', 'serve'];
    const text = renderTask(command, 'PC & Söhne\\Jörg', 'C:\\Windows');
    expect(text.startsWith('\ufeff<?xml version="1.0" encoding="UTF-16"?>')).toBe(true);
    const fail = (_level: string, message: string) => {
      throw new Error(message);
    };
    const xml = new DOMParser({ onError: fail }).parseFromString(text.slice(1), 'text/xml');
    const all = (name: string) => Array.from(xml.getElementsByTagName(name), (element) => element.textContent);
    expect(all('UserId')).toEqual(['PC & Söhne\\Jörg', 'PC & Söhne\\Jörg']);
    expect(all('RunLevel')).toEqual(['LeastPrivilege']);
    expect(all('Command')).toEqual(['C:\\Windows\\System32\\conhost.exe']);
    expect(all('Arguments')).toEqual([
      '--headless "C:\\Program Files\\node & co\\node.exe" C:\\Users\\Jörg\\Hair<line\\bin.mjs serve',
    ]);
  });

  it.each([
    ['serve', 'serve'],
    ['', '""'],
    ['a b', '"a b"'],
    ['D:\\my models\\', '"D:\\my models\\\\"'],
    ['a\\"b', '"a\\\\\\"b"'],
  ])('the Windows argument %j as %s', (text, quoted) => expect(quoteWindows(text)).toBe(quoted));

  it('a unit for systemd, whatever the paths are', () => {
    const line = renderUnit(NASTY)
      .split('\n')
      .find((text) => text.startsWith('ExecStart='));
    expect(line).toBe(
      `ExecStart=:"/usr/bin/env" "/Users/Jörg & \\"Söhne\\" <x>/node" "/it's 100%%/$HOME \\\\n/bin.mjs" "serve"`,
    );
    expect(renderUnit(['/a\nExecStart=/b'])).toContain('"/a\\x0aExecStart=/b"');
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  const names = ['100% $HOME & söhne <x>', `it's "so"`];
  it.skipIf(!hasSystemd).each(names)('and systemd itself accepts it: %s', async (name) => {
    const program = path.join(home, name);
    await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
    const unit = path.join(home, 'hairline.service');
    await writeFile(unit, renderUnit([program, 'a b', '%h', '$HOME', `it's "so"`]));
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    const about = `${stdout}${stderr}`.split('\n').filter((text) => text.includes('hairline.service'));
    expect(about).toEqual([]);
  });
});

test('starts this node with this installation and the settings of the shell', () => {
  const [node, bin, ...args] = serveCommand(
    { HAIRLINE_CACHE: 'models', HAIRLINE_DEVICE: 'cpu', HAIRLINE_PORT: '' },
    '--quiet',
  );
  expect(node).toBe(process.execPath);
  expect(bin).toBe(path.join(packageRoot, 'server', 'cli', 'bin.mjs'));
  expect(existsSync(bin!)).toBe(true);
  expect(args).toEqual(['serve', '--quiet', '--device', 'cpu', '--cache-dir', path.resolve('models')]);
});

/** A system that notes what it was asked and answers what the test wants. */
function stage(platform: NodeJS.Platform, answer: (line: string) => number | null = () => 0) {
  const asked: string[] = [];
  const run: Run = async (program, args) => {
    asked.push([path.win32.basename(program), ...args].join(' '));
    const code = answer(asked.at(-1)!);
    return { code, output: code === 0 ? '' : 'Zugriff verweigert\nmore' };
  };
  const env = { USERDOMAIN: 'PC', SystemRoot: 'C:\\Windows' };
  const place: Place = { platform, home, uid: 501, user: 'Jörg', configDir: path.join(home, 'settings'), env };
  const call = async (action: Action, change: Partial<Place> = {}) => {
    const recorder = recordTerminal();
    const code = await autostart(action, { ...place, ...change }, recorder.terminal, run);
    return { code, out: recorder.out, err: recorder.err, asked: asked.splice(0) };
  };
  return call;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
}

describe.each([
  ['darwin', 'hairline.server.plist', 'launchctl bootstrap gui/501'],
  ['linux', 'hairline.service', 'systemctl --user enable hairline.service'],
  ['win32', 'autostart.xml', 'schtasks.exe /create /tn Hairline (Jörg) /xml'],
] as const)('on %s', (platform, file, command) => {
  it('on, status, off, and nothing is left', async () => {
    let task = false;
    const call = stage(platform, (line) => {
      if (line.includes('/create')) task = true;
      if (line.includes('/delete')) task = false;
      return line.includes('/query') && !task ? 1 : 0;
    });
    expect(await call('status')).toMatchObject({ code: 1, out: expect.stringContaining('is off') });
    const on = await call('on');
    expect(on).toMatchObject({ code: 0, err: expect.stringContaining('Autostart is on') });
    expect(on.asked.join('\n')).toContain(command);
    expect(await filesIn(home)).toEqual([file]);
    expect(await call('status')).toMatchObject({ code: 0, out: expect.stringContaining('is on'), err: '' });
    const moved = await call('status', { env: { USERDOMAIN: 'PC', HAIRLINE_DEVICE: 'cpu' } });
    expect(moved).toMatchObject({ code: 0, err: expect.stringContaining('to update it') });
    expect(await call('on')).toMatchObject({ code: 0 });
    expect(await call('off')).toMatchObject({ code: 0, err: expect.stringContaining('Autostart is off.') });
    expect(await filesIn(home)).toEqual([]);
    expect(await call('off')).toMatchObject({ code: 0, err: 'Autostart was not on.\n' });
  });

  it('says why when the system refuses', async () => {
    const verb = { darwin: 'bootstrap', linux: ' enable ', win32: '/create' }[platform];
    const call = stage(platform, (line) => (line.includes(verb) ? 5 : 0));
    expect(await call('on')).toMatchObject({ code: 1, err: expect.stringMatching(/refused: Zugriff verweigert\n$/) });
    expect(await filesIn(home)).toEqual([]);
  });
});

test('launchd is asked again while the one before is still ending', async () => {
  let refusals = 2;
  const call = stage('darwin', (line) => (line.includes('bootstrap') && refusals-- > 0 ? 5 : 0));
  expect(await call('on')).toMatchObject({ code: 0 });
});

test('Linux without systemd for users', async () => {
  const call = stage('linux', () => 1);
  expect(await call('on')).toMatchObject({ code: 1, err: expect.stringContaining('no systemd user session') });
  expect(await call('off')).toMatchObject({ code: 0 });
  expect(await filesIn(home)).toEqual([]);
});

test('a program that is not there is a result', async () => {
  expect(await runProgram('hairline-no-such-program', [])).toMatchObject({ code: null });
  expect(await runProgram(process.execPath, ['-e', 'console.error("no"); process.exit(3)'])).toEqual({
    code: 3,
    output: 'no',
  });
});

test('the copy for Windows is UTF-16 with its mark', async () => {
  await stage('win32')('on');
  const bytes = await readFile(path.join(home, 'settings', 'autostart.xml'));
  expect([...bytes.subarray(0, 4)]).toEqual([0xff, 0xfe, 0x3c, 0]);
});
