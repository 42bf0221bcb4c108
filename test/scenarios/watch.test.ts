import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeDiscovery } from '../../server/system/discovery.ts';
import { packageRoot, VERSION } from '../../server/system/package-root.ts';
import { type StandInServer, startStandInServer } from '../fixtures/stand-in.ts';

let server: StandInServer;
let root: string;
let child: ChildProcess | null = null;

beforeAll(async () => {
  server = await startStandInServer();
  root = await mkdtemp(path.join(tmpdir(), 'hairline watch ü '));
  const startedAt = new Date().toISOString();
  await writeDiscovery(path.join(root, 'config'), { port: server.port, pid: process.pid, version: VERSION, startedAt });
  await mkdir(path.join(root, 'drop'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await server.close();
  await rm(root, { recursive: true, force: true });
});

/** The command as it is installed. */
function start() {
  const bin = path.join(packageRoot, 'server', 'cli', 'bin.mjs');
  const args = [bin, 'matte', '--watch', 'drop', '-d', 'out', '--outputs', 'alpha,cutout'];
  const env = {
    ...process.env,
    HAIRLINE_CONFIG: path.join(root, 'config'),
    HAIRLINE_CACHE: path.join(root, 'cache'),
    HAIRLINE_LOG_DIR: path.join(root, 'log'),
    HAIRLINE_LAUNCHER: 'false',
  };
  const running = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  child = running;
  let err = '';
  running.stderr.on('data', (text) => {
    err += text;
  });
  const ended = once(running, 'exit').then(([code]) => code as number);
  return { running, ended, said: () => err };
}

async function until(isSo: () => Promise<boolean> | boolean, said: () => string) {
  for (let waited = 0; !(await isSo()); waited += 50) {
    if (waited > 100_000) throw new Error(`It did not happen. The command said: ${said()}`);
    await delay(50);
  }
}

const inside = async (folder: string) => (await readdir(path.join(root, folder)).catch(() => [])).sort();
const journal = () => readFile(path.join(root, 'drop', '.hairline-watch.json'), 'utf8').catch(() => '');

const drop = async (name: string, side: number) => {
  const noise = Buffer.alloc(side * side * 3).map((_, i) => (i * i * 7) % 251);
  const file = sharp(noise, { raw: { width: side, height: side, channels: 3 } });
  await writeFile(path.join(root, 'drop', name), await file.png({ compressionLevel: 1 }).toBuffer());
};

// Windows has no signal that a process could send to another one in place of Ctrl-C.
it.skipIf(process.platform === 'win32')(
  'a watched folder is worked off across Ctrl-C in the middle of a picture and a crash, with nothing lost or done twice',
  async () => {
    await drop('a.png', 64);
    const first = start();
    await until(async () => (await inside('drop/done')).length === 1, first.said);
    await drop('large.png', 2500);
    await until(async () => (await journal()).includes('large.png'), first.said);
    first.running.kill('SIGINT');
    expect(await first.ended).toBe(130);
    expect(await inside('drop')).toContain('large.png');
    expect(first.said()).toContain('Stopped: 1 done, 0 failed');

    const second = start();
    await until(() => second.said().includes('Watching'), second.said);
    await until(async () => (await inside('out')).includes('large_alpha.png'), second.said);
    second.running.kill('SIGKILL');
    await second.ended;

    const third = start();
    await until(async () => (await inside('drop/done')).length === 2, third.said);
    third.running.kill('SIGTERM');
    expect(await third.ended).toBe(130);
    expect(await inside('out')).toEqual(['a_alpha.png', 'a_cutout.png', 'large_alpha.png', 'large_cutout.png']);
    expect(await inside('drop')).toEqual(['done']);
    for (const name of await inside('out'))
      expect((await sharp(path.join(root, 'out', name)).stats()).channels.length, name).toBeGreaterThan(0);
  },
);
