import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSecond } from '../../../../server/cli/serve/serve.ts';
import { loadConfig } from '../../../../server/config/config.ts';
import { readDiscovery, writeDiscovery } from '../../../../server/system/discovery.ts';
import { packageRoot } from '../../../../server/system/package-root.ts';
import { OFFLINE } from '../../../fixtures/offline.ts';
import { startStandInServer } from '../../../fixtures/stand-in.ts';
import { until } from '../../server-fixture.ts';

const bin = path.join(packageRoot, 'server', 'cli', 'bin.mjs');
let home: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'hairline serve ü '));
});
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = undefined;
  rmSync(home, { recursive: true, force: true });
});

const configDir = () => path.join(home, 'config');
const logDir = () => path.join(home, 'log');

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The real command without a model, which is not what these tests are about, in folders of its own. */
function serve(port: number, change: NodeJS.ProcessEnv = {}) {
  const env = {
    ...process.env,
    HAIRLINE_PORT: String(port),
    HAIRLINE_CONFIG: configDir(),
    HAIRLINE_CACHE: path.join(home, 'cache'),
    HAIRLINE_LOG_DIR: logDir(),
    HAIRLINE_LAUNCHER: 'false',
    ...OFFLINE,
    ...change,
  };
  const started = spawn(process.execPath, [bin, 'serve'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  child = started;
  const said = { text: '' };
  started.stderr!.on('data', (data) => {
    said.text += data;
  });
  return { said, started, exit: once(started, 'exit') };
}

/** Slower than other waits: a process has to start. */
async function listening(port: number): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (
      await fetch(`http://127.0.0.1:${port}/health`).then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it does not listen');
}

describe.skipIf(process.platform === 'win32')('a signal', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s in the middle of a request lets it be answered',
    async (signal) => {
      const port = await freePort();
      const { started, exit } = serve(port);
      await listening(port);
      await until(async () => (await readDiscovery(configDir())) !== null);
      const socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.on('data', (data) => {
        answer += data;
      });
      // A refusal may come before the rest of the body, which then meets a closed connection.
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      const size =
        'Content-Type: application/octet-stream\r\nX-Image-Width: 1\r\nX-Image-Height: 1\r\nContent-Length: 4';
      socket.write(`POST /v1/mattes HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${size}\r\nExpect: 100-continue\r\n\r\nab`);
      await until(() => answer.includes('100 Continue'));
      started.kill(signal);
      await until(() => readdirSync(configDir()).length === 0);
      await until(async () => (await fetch(`http://127.0.0.1:${port}/health`).catch(() => null))?.status !== 200);
      socket.write('cd');
      await closed;
      expect(answer).toMatch(/\r\n\r\nHTTP\/1\.1 503 /);
      expect(answer).toMatch(/"code":"(WEIGHTS_MISSING|MODEL_DOWNLOADING|DOWNLOAD_FAILED|SHUTTING_DOWN)"/);
      await exit;
      expect(started.signalCode).toBeNull();
      const log = readFileSync(path.join(logDir(), 'hairline.log'), 'utf8');
      expect(log).toContain(`"signal":"${signal}"`);
      expect(log.trim().split('\n').at(-1)).toContain('"stopped"');
    },
  );
});

describe('what is in the way of a start', () => {
  it('another program on the port is named', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    try {
      const { said, exit } = serve(port);
      expect(await exit).toEqual([1, null]);
      expect(said.text).toBe(`Hairline could not start. Port ${port} is in use by another program.\n`);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('a settings file with a mistake is named', async () => {
    mkdirSync(configDir());
    const file = path.join(configDir(), 'config.json');
    writeFileSync(file, '{"maxJobs": 0}');
    const { said, exit } = serve(await freePort());
    expect(await exit).toEqual([2, null]);
    expect(said.text).toBe(`"maxJobs" in ${file} must be a whole number from 1 to 1000, not "0".\n`);
  });

  it('folders that cannot be written are named, and the server runs without them', async () => {
    for (const folder of [configDir(), logDir()]) writeFileSync(folder, 'a file where a folder should be');
    const port = await freePort();
    const { said, started, exit } = serve(port);
    await listening(port);
    await until(() => said.text.includes('hairline stop'));
    expect(said.text).toMatch(/Cannot write the log in .+ \(\w+\)/);
    expect(said.text).toMatch(/Cannot write to .+config \(\w+\): "hairline stop" will not work, Ctrl-C will\./);
    started.kill('SIGTERM');
    await exit;
  });

  it('a file left by a server that was killed is not', async () => {
    const port = await freePort();
    const first = serve(port);
    await listening(port);
    await until(async () => (await readDiscovery(configDir())) !== null);
    first.started.kill('SIGKILL');
    await first.exit;
    expect(readdirSync(configDir())).toEqual(['server.json']);
    expect(await readDiscovery(configDir())).toBeNull();
    const second = serve(port);
    await listening(port);
    expect(second.said.text).not.toContain('already running');
  });
});

describe('two servers started at the same moment', () => {
  const config = (ports: number[]) => ({ ...loadConfig({}, {}), configDir: configDir(), ports });

  it('become one: the server on the later port sees the discovery file of the other', async () => {
    const first = await startStandInServer({}, { install: false });
    try {
      const port = await freePort();
      const second = isSecond(port, config([first.port, port]));
      const discovery = { port: first.port, pid: process.pid, version: '1', startedAt: new Date().toISOString() };
      setTimeout(() => void writeDiscovery(configDir(), discovery), 300);
      expect(await second).toBe(true);
      expect(await isSecond(first.port, config([first.port, port]))).toBe(false);
    } finally {
      await first.close();
    }
  });

  it('of two users both keep running', async () => {
    const others = await startStandInServer({}, { install: false });
    try {
      const port = await freePort();
      expect(await isSecond(port, config([others.port, port]))).toBe(false);
    } finally {
      await others.close();
    }
  });
});
