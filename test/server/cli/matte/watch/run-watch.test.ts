import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Connect } from '../../../../../server/cli/matte/connect.ts';
import { Connection } from '../../../../../server/cli/matte/connection.ts';
import type { MatteOptions } from '../../../../../server/cli/matte/options.ts';
import { runWatch, type WatchTiming } from '../../../../../server/cli/matte/watch/run-watch.ts';
import { UsageError } from '../../../../../server/cli/terminal.ts';
import { type StandInServer, startStandInServer } from '../../../../fixtures/stand-in.ts';
import { recordTerminal } from '../../recorder.ts';

let server: StandInServer;
let cwd: string;
let stops: (() => Promise<unknown>)[];

beforeAll(async () => {
  server = await startStandInServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  cwd = await mkdtemp(path.join(os.tmpdir(), 'hairline watch ü '));
  await mkdir(path.join(cwd, 'in'));
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await rm(cwd, { recursive: true, force: true });
});

const OPTIONS: MatteOptions = {
  ...{ outputDir: 'out', saveForeground: true, format: 'png', profile: 'keep', metadata: true, background: 'white' },
  ...{ subject: 'portrait', refine: 'best', enhance: 'auto', foreground: 'best', decontaminate: 1 },
  ...{ watch: 'in', outputs: ['alpha'] },
} as MatteOptions;
const TIMING: WatchTiming = { look: 20, settle: 60, patience: 400, retry: 100 };

function start(options: Partial<MatteOptions> = {}, reach?: Connect) {
  const recorder = recordTerminal();
  const stopping = new AbortController();
  const { signal } = stopping;
  const connect = reach ?? (async () => new Connection(server.url, signal));
  const context = { terminal: recorder.terminal, signal, connect, env: { HAIRLINE_CACHE: cwd }, cwd, timing: TIMING };
  const running = runWatch({ ...OPTIONS, ...options }, context);
  const stop = async () => {
    stopping.abort();
    return running.catch((error: unknown) => error);
  };
  stops.push(stop);
  return {
    running,
    stop,
    get lines() {
      return recorder.lines;
    },
    get err() {
      return recorder.err;
    },
  };
}

const drop = async (name: string, level = 200) => {
  const file = path.join(cwd, 'in', name);
  await mkdir(path.dirname(file), { recursive: true });
  const background = { r: level, g: level, b: level };
  const picture = sharp({ create: { width: 40, height: 30, channels: 3, background } });
  await writeFile(file, await (name.endsWith('.png') ? picture.png() : picture.jpeg()).toBuffer());
  return file;
};

const inside = async (folder: string) =>
  ((await readdir(path.join(cwd, folder), { recursive: true }).catch(() => [])) as string[])
    .filter((name) => path.extname(name))
    .map((name) => name.split(path.sep).join('/'))
    .sort();

async function until(isSo: () => Promise<boolean> | boolean) {
  for (let waited = 0; !(await isSo()); waited += 20) {
    if (waited > 20_000) throw new Error('It did not happen.');
    await delay(20);
  }
}
const count = (folder: string, wanted: number) => until(async () => (await inside(folder)).length === wanted);

describe('hairline matte --watch', () => {
  test('takes what is there and what comes, one line each, and moves it to done, folders mirrored', async () => {
    await drop('a.png');
    const watch = start();
    await count('in/done', 1);
    await drop('shoot/b.jpg');
    await writeFile(path.join(cwd, 'in', 'notes.txt'), 'no picture');
    await count('in/done', 2);
    expect(await inside('in/done')).toEqual(['a.png', 'shoot/b.jpg']);
    expect(await inside('out')).toEqual(['a_alpha.png', 'shoot/b_alpha.png']);
    expect(await watch.stop()).toBe(130);
    expect(watch.lines).toEqual(
      [path.join(cwd, 'out/a_alpha.png'), path.join(cwd, 'out/shoot/b_alpha.png')].map((p) => path.normalize(p)),
    );
    expect(watch.err.match(/^\d\d:\d\d:\d\d .*$/gm)!.map((line) => line.slice(9))).toEqual([
      'a.png: done',
      `${path.join('shoot', 'b.jpg')}: done`,
    ]);
    expect(watch.err).toContain('Stopped: 2 done, 0 failed');
    expect((await readdir(path.join(cwd, 'in'))).sort()).toEqual(['done', 'notes.txt', 'shoot']);
  });

  test('waits until a file has arrived', async () => {
    const whole = await readFile(await drop('x/whole.jpg'));
    await rm(path.join(cwd, 'in', 'x'), { recursive: true });
    const watch = start();
    const file = path.join(cwd, 'in', 'slow.jpg');
    await writeFile(file, '');
    for (let at = 0; at < whole.length; at += 100) {
      await appendFile(file, whole.subarray(at, at + 100));
      await delay(at === 0 ? 200 : 30);
    }
    await count('in/done', 1);
    expect(watch.err).not.toContain('failed:');
  });

  test('moves what cannot be done to failed, with the reason, and goes on', async () => {
    const watch = start();
    await writeFile(path.join(cwd, 'in', 'a.jpg'), 'no picture at all');
    await writeFile(path.join(cwd, 'in', 'b.jp2'), 'of a kind that is not read');
    await drop('c.png');
    await count('in/failed', 2);
    await count('in/done', 1);
    await until(() => watch.err.includes('a.jpg: failed') && watch.err.includes('b.jp2: failed'));
    expect(watch.err).toMatch(/a\.jpg: failed: Hairline cannot read this file as a picture\. /);
    expect(watch.err).toMatch(/b\.jp2: failed: Hairline cannot read \.jp2 files\. /);
    expect(await inside('out')).toEqual(['c_alpha.png']);
  });

  test('never replaces a result or a picture: the second of a name gets a number', async () => {
    await mkdir(path.join(cwd, 'out'));
    await writeFile(path.join(cwd, 'out', 'a_alpha.png'), 'mine');
    await mkdir(path.join(cwd, 'in', 'done'));
    await writeFile(path.join(cwd, 'in', 'done', 'a.png'), 'also mine');
    await drop('a.png');
    await drop('a.jpg');
    start();
    await count('in/done', 3);
    expect(await inside('in/done')).toEqual(['a-2.png', 'a.jpg', 'a.png']);
    expect(await inside('out')).toEqual(['a-2_alpha.png', 'a-3_alpha.png', 'a_alpha.png']);
    expect(await readFile(path.join(cwd, 'out', 'a_alpha.png'), 'utf8')).toBe('mine');
    expect(await readFile(path.join(cwd, 'in', 'done', 'a.png'), 'utf8')).toBe('also mine');
  });

  test('leaves its own results alone where they lie in the folder, also behind a link', async () => {
    await mkdir(path.join(cwd, 'in', 'results'));
    await drop('a.png');
    const watch = start({ outputDir: 'in/results', outputs: ['alpha', 'cutout'] });
    await count('in/results', 2);
    if (process.platform !== 'win32') await symlink(path.join(cwd, 'in', 'results'), path.join(cwd, 'in', 'link'));
    await delay(400);
    expect(await inside('in/results')).toHaveLength(2);
    await until(() => watch.err.includes('a.png: done'));
    expect(await inside('in/done')).toEqual(['a.png']);
  });

  test.each([['in'], ['in/done/results']])('refuses to write results to %s', async (outputDir) => {
    await expect(start({ outputDir }).running).rejects.toThrow(UsageError);
  });

  test('keeps a picture that it is stopped at, and does it the next time under the same name', async () => {
    await drop('a.png');
    const stopped = start({ outputs: ['alpha', 'cutout'] }, async (_wanted, _config, _terminal, signal) => {
      const connection = new Connection(server.url, signal);
      connection.matte = () =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return connection;
    });
    const journal = path.join(cwd, 'in', '.hairline-watch.json');
    await until(async () => (await readFile(journal, 'utf8').catch(() => '')).includes('"a.png": "a"'));
    expect(await stopped.stop()).toBe(130);
    expect(await inside('in')).toContain('a.png');
    // As if it had been killed between its first result and the second.
    await writeFile(path.join(cwd, 'out', 'a_alpha.png'), 'half of the work');
    start({ outputs: ['alpha', 'cutout'] });
    await count('in/done', 1);
    expect(await inside('out')).toEqual(['a_alpha.png', 'a_cutout.png']);
    expect((await sharp(path.join(cwd, 'out', 'a_alpha.png')).metadata()).width).toBe(40);
  });

  test('waits while the server is away, says so once, and loses nothing', async () => {
    let reached = 0;
    await drop('a.png');
    const watch = start({}, async (_wanted, _config, _terminal, signal) => {
      reached++;
      return new Connection(reached < 4 ? 'http://127.0.0.1:9' : server.url, signal);
    });
    await count('in/done', 1);
    expect(watch.err.match(/Waiting: The server stopped answering/g)).toHaveLength(1);
    expect(watch.err).not.toContain('failed:');
  });

  test('a folder is watched once', async () => {
    const first = start();
    await until(() => first.err.includes('Watching'));
    const journal = path.join(cwd, 'in', '.hairline-watch.json');
    const entry = JSON.parse(await readFile(journal, 'utf8'));
    // Another process of this computer: the parent of this one.
    await writeFile(journal, JSON.stringify({ ...entry, pid: process.ppid }));
    await expect(start().running).rejects.toThrow('Another hairline watches');
    await writeFile(journal, JSON.stringify({ ...entry, pid: 2 ** 22 + 1, working: { 'a.png': '../../a' } }));
    await drop('a.png');
    await first.stop();
    start();
    await count('in/done', 1);
    expect(await inside('out')).toEqual(['a_alpha.png']);
  });

  test('tells programs in JSON, a line for each picture', async () => {
    await drop('a.png');
    const watch = start({ json: true });
    await count('in/done', 1);
    await until(() => watch.lines.length === 1);
    expect(JSON.parse(watch.lines[0]!)).toEqual({
      picture: path.join(cwd, 'in', 'a.png'),
      written: [path.join(cwd, 'out', 'a_alpha.png')],
      failed: null,
    });
  });

  test.each([
    ['a folder that is not there', { watch: 'nowhere' }],
    ['names without the picture', { name: 'x_{output}' }],
    ['numbers', { name: '{index}_{output}' }],
    ['--in-place', { into: 'psd', inPlace: true }],
  ])('refuses %s', async (_, options) => {
    await expect(start(options as Partial<MatteOptions>).running).rejects.toThrow(UsageError);
    expect(existsSync(path.join(cwd, 'in', '.hairline-watch.json'))).toBe(false);
  });
});
