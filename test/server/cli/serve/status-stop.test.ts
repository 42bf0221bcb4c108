import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PORTS } from '../../../../protocol/limits.ts';
import { describeSince, showStatus } from '../../../../server/cli/serve/status.ts';
import { stopServer } from '../../../../server/cli/serve/stop.ts';
import { loadConfig } from '../../../../server/config/config.ts';
import { probe, writeDiscovery } from '../../../../server/system/discovery.ts';
import { packageRoot, VERSION } from '../../../../server/system/package-root.ts';
import { OFFLINE } from '../../../fixtures/offline.ts';
import { startStandInServer } from '../../../fixtures/stand-in.ts';
import { recordTerminal } from '../recorder.ts';

const never = new AbortController().signal;
const token = 't'.repeat(43);
let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'hairline status ü '));
});
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = undefined;
  await rm(folder, { recursive: true, force: true });
});

const config = () => loadConfig({ configDir: folder }, {});

async function status(json = false) {
  const recorder = recordTerminal();
  const code = await showStatus(config(), recorder.terminal, { json });
  return { code, out: recorder.out, err: recorder.err };
}

async function stop(patience?: number) {
  const recorder = recordTerminal();
  const code = await stopServer(config(), recorder.terminal, never, patience);
  return { code, err: recorder.err };
}

/** Whether a server of this computer's user would be found by its port, which is none of these tests' business. */
const strangers = async () => (await Promise.all(PORTS.map(probe))).some((health) => health !== null);

test('nothing running', async (context) => {
  if (await strangers()) return context.skip();
  expect(await status()).toEqual({ code: 1, out: '', err: expect.stringContaining('hairline serve') });
  expect(JSON.parse((await status(true)).out)).toEqual({ running: false });
  expect(await stop()).toEqual({ code: 0, err: 'Hairline is not running.\n' });
});

test.each([true, false])('a running server is described (model installed: %s)', async (install) => {
  const server = await startStandInServer({}, { install });
  try {
    const startedAt = new Date(Date.now() - 3_900_000).toISOString();
    await writeDiscovery(folder, { port: server.port, pid: process.pid, version: VERSION, startedAt, token });
    const { code, out, err } = await status();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Hairline ${VERSION} is running at ${server.url}\n`);
    expect(out).toMatch(install ? /Model +stand-in, ready on CPU\n/ : /Model +stand-in, missing \(.+\)\n/);
    expect(out).toMatch(/Queue +empty\n/);
    expect(out).toMatch(/Since .* \(1 h 5 min\)\n/);
    const json = await status(true);
    expect(JSON.parse(json.out)).toMatchObject({ running: true, url: server.url, ready: install, startedAt });
    expect(out + json.out).not.toContain(token);
  } finally {
    await server.close();
  }
});

test('a server without our token in its discovery file is left alone', async () => {
  const server = await startStandInServer();
  try {
    const announced = { port: server.port, pid: process.pid, version: VERSION, startedAt: '' };
    await writeDiscovery(folder, announced);
    expect(await stop()).toEqual({ code: 1, err: expect.stringContaining('HAIRLINE_CONFIG') });
    // No such route here: as with a server that does not stop.
    await writeDiscovery(folder, { ...announced, token });
    expect(await stop(100)).toEqual({ code: 1, err: expect.stringContaining('does not stop') });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  } finally {
    await server.close();
  }
});

test('ends a real server and waits until it is gone', async () => {
  const { port } = await freePort();
  // The model does not matter here.
  const env = {
    ...process.env,
    HAIRLINE_CONFIG: folder,
    HAIRLINE_CACHE: folder,
    HAIRLINE_LOG_DIR: folder,
    HAIRLINE_LAUNCHER: 'false',
    ...OFFLINE,
  };
  const bin = path.join(packageRoot, 'server', 'cli', 'bin.mjs');
  child = spawn(process.execPath, [bin, 'serve', '--port', String(port)], { env, stdio: 'ignore' });
  const exit = once(child, 'exit');
  for (let i = 0; i < 600 && !(await status()).out.includes(String(port)); i++)
    await new Promise((r) => setTimeout(r, 100));
  const announced = JSON.parse(await readFile(path.join(folder, 'server.json'), 'utf8')) as { token: string };
  expect(announced.token).toMatch(/^[\w-]{43}$/);
  // Where this computer is busy, it says first that it waits.
  expect(await stop()).toEqual({ code: 0, err: expect.stringMatching(/^(Waiting .*\n)?Hairline has stopped\.\n$/) });
  expect(await exit).toEqual([0, null]);
  await expect(readFile(path.join(folder, 'server.json'))).rejects.toThrow('ENOENT');
});

async function freePort(): Promise<{ port: number }> {
  const server = await startStandInServer();
  await server.close();
  return { port: server.port };
}

test('since when', () => {
  const at = (minutes: number) =>
    describeSince('2026-01-02T03:04:05Z', new Date(Date.UTC(2026, 0, 2, 3, 4 + minutes, 6)));
  expect(at(0)).toMatch(/^2026-01-0\d \d\d:\d\d \(0 min\)$/);
  expect(at(60)).toMatch(/\(1 h 0 min\)$/);
  expect(at(2 * 1440 + 61)).toMatch(/\(2 d 1 h 1 min\)$/);
  expect(describeSince('yesterday', new Date())).toBe('unknown');
});
