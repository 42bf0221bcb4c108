import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../server/errors.ts';
import { packageRoot } from '../../../server/system/package-root.ts';
import { isAlive } from '../../../server/system/process-alive.ts';
import { CHUNK } from '../../fixtures/fake-worker.ts';
import { until } from '../server-fixture.ts';
import { bodyOf, EngineFixture } from './engine-fixture.ts';

const stages: EngineFixture[] = [];

function begin(...options: ConstructorParameters<typeof EngineFixture>): EngineFixture {
  const stage = new EngineFixture(...options);
  stages.push(stage);
  return stage;
}

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

describe('what crosses the pipe', () => {
  it('arrives unchanged, from empty to many chunks, also in parallel', async () => {
    const stage = begin();
    const sizes = [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 33_000_000, 5];
    const answers = await Promise.all(
      sizes.map(async (size) => {
        const body = Buffer.alloc(size, `${size}, `);
        const answer = await stage.matte('echo', body);
        return [size, answer.headers['x-bytes'], digest(bodyOf(answer)) === digest(body)];
      }),
    );
    expect(answers).toEqual(sizes.map((size) => [size, size, true]));
    const { type, headers, timings } = await stage.matte('echo');
    expect({ type, headers, timings }).toEqual({
      type: 'text/plain',
      headers: { 'x-device': 'cpu', 'x-bytes': 7 },
      timings: { inference: 1.5 },
    });
  });

  it('reports progress, logs what native code prints, and counts waiting pictures', async () => {
    const stage = begin();
    const told: number[] = [];
    const work = stage.matte('print', Buffer.from('x'), { onProgress: (fraction) => told.push(fraction) });
    expect(stage.engine.queued).toBe(1);
    await work;
    expect([told, stage.engine.queued]).toEqual([[0.5, 1], 0]);
    await until(() => stage.log.some((line) => line.includes('native words')));
  });

  it('carries failures with code, words and cause', async () => {
    const stage = begin();
    const failure = (await stage.matte('fail').catch((error) => error)) as AppError;
    expect(failure).toBeInstanceOf(AppError);
    expect([failure.code, failure.message, (failure.cause as Error).message]).toEqual([
      'TRUNCATED_IMAGE',
      'Half of it.',
      'end of file',
    ]);
    const unforeseen = await stage.matte('throw').catch((error) => error);
    expect([unforeseen instanceof AppError, unforeseen.message]).toEqual([false, 'not foreseen']);
    await expect(stage.engine.prepare('auto')).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
    expect(stage.engine.restarts).toBe(0);
  });

  it('streams no faster than it is read', async () => {
    const stage = begin();
    const size = 24 * 1024 * 1024;
    const { body } = await stage.matte(`stream ${size}`);
    const stream = body as Readable;
    await delay(300);
    expect(stream.readableLength).toBeLessThan(6 * 1024 * 1024);
    let [at, wrong] = [0, 0];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (const value of chunk) wrong += value === (Math.floor(at++ / CHUNK) & 255) ? 0 : 1;
    }
    expect([at, wrong]).toEqual([size, 0]);
  });
});

describe('a client that leaves', () => {
  it('frees the child, whether it works or still waits for the picture', async () => {
    const stage = begin();
    for (const [deed, body] of [
      ['hang', Buffer.from('x')],
      ['hang', Buffer.alloc(100_000_000)],
    ] as const) {
      const leaving = new AbortController();
      const work = stage.matte(deed, body, { signal: leaving.signal });
      setTimeout(() => leaving.abort(new AppError('CANCELLED', 'Gone.')), body.length > 1 ? 20 : 200);
      await expect(work).rejects.toThrow('Gone.');
      expect(await stage.engine.forget('any id')).toBe(false);
    }
    const gone = AbortSignal.abort(new AppError('CANCELLED', 'Never came.'));
    await expect(stage.matte('hang', Buffer.from('x'), { signal: gone })).rejects.toThrow('Never came.');
    expect(bodyOf(await stage.matte('echo')).toString()).toBe('picture');
    expect(stage.lives).toHaveLength(1);
  });

  it('does not wait forever for a hung child: another one replaces it', async () => {
    const stage = begin();
    const leaving = new AbortController();
    await stage.matte('echo');
    const work = stage.matte('hang-hard', Buffer.from('x'), { signal: leaving.signal });
    await delay(200);
    leaving.abort(new AppError('CANCELLED', 'Gone.'));
    await expect(work).rejects.toThrow('Gone.');
    expect(bodyOf(await stage.matte('echo')).toString()).toBe('picture');
    expect(stage.lives).toHaveLength(2);
  });

  it('as its answer begins is not waited for until the child counts as hung', async () => {
    const stage = begin();
    await stage.matte('echo');
    const leaving = new AbortController();
    const work = stage.matte('stubborn 300', Buffer.from('x'), { signal: leaving.signal });
    leaving.abort(new AppError('CANCELLED', 'Gone.'));
    await expect(work).rejects.toThrow('Gone.');
    expect(bodyOf(await stage.matte('echo')).toString()).toBe('picture');
    expect(stage.lives).toHaveLength(1);
  });

  it('stops a stream', async () => {
    const stage = begin();
    const { body } = await stage.matte(`stream ${2 ** 33}`);
    (body as Readable).destroy();
    await until(async () => !(await stage.engine.forget('any id')));
    expect((await stage.matte('echo')).headers['x-bytes']).toBe(7);
  });
});

describe('a child that dies', () => {
  it('is started again, and the job is done without the client noticing', async () => {
    const stage = begin();
    const told: number[] = [];
    const answer = await stage.matte('abort-first 1', Buffer.from('x'), { onProgress: (done) => told.push(done) });
    expect(bodyOf(answer).toString()).toBe('x');
    expect([stage.lives, stage.engine.restarts, told]).toEqual([['cpu', 'cpu'], 1, [0.5, 1]]);
  });

  it('is started again at once, also when the clock is set back meanwhile', async () => {
    const stage = begin();
    await stage.matte('echo');
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now - 86_400_000);
    expect(bodyOf(await stage.matte('abort-first 1', Buffer.from('x'))).toString()).toBe('x');
    expect(stage.lives).toHaveLength(2);
  }, 20_000);

  it('while it is being sent a picture: the picture is sent again', async () => {
    const stage = begin();
    await stage.matte('echo');
    const body = Buffer.alloc(60_000_000, 'pixels');
    const pid = await stage.pid();
    const work = stage.matte('echo', body);
    await delay(5);
    process.kill(pid, 'SIGKILL');
    expect(digest(bodyOf(await work))).toBe(digest(body));
    expect(stage.lives).toHaveLength(2);
  });

  it('while it streams: the client sees a broken answer, not a short one', async () => {
    const stage = begin();
    const { body } = await stage.matte(`stream-abort ${32 * 1024 * 1024}`);
    const read = async () => {
      for await (const _ of body as Readable);
    };
    await expect(read()).rejects.toThrow(/signal|exit/);
    expect((await stage.matte('echo')).headers['x-bytes']).toBe(7);
  });

  it('takes no other job with it: each is tried again alone', async () => {
    const stage = begin();
    const good = [stage.matte('slow 400', Buffer.from('a')), stage.matte('slow 400', Buffer.from('b'))];
    await delay(250);
    const bad = stage.matte('abort');
    expect((await Promise.all(good)).map((answer) => bodyOf(answer).toString())).toEqual(['a', 'b']);
    await expect(bad).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
    // Two deaths, and a third child for the next job.
    expect((await stage.matte('echo')).headers['x-device']).toBe('cpu');
    expect(stage.lives).toHaveLength(3);
  });

  it('with the graphics card twice: the third try is on the CPU, which says why', async () => {
    const stage = begin({ device: 'auto' });
    const { headers } = await stage.matte('abort-on-gpu');
    expect(headers['x-device']).toBe('cpu');
    expect(stage.lives.slice(0, 2)).toEqual(['auto', 'auto']);
    expect(stage.lives.at(-1)).toBe('cpu');
    const { provider, reason } = await stage.engine.status('auto');
    expect([provider, reason]).toEqual(['cpu', expect.stringContaining('crashed')]);
    // It stays there for a while.
    const count = stage.lives.length;
    await stage.matte('abort-on-gpu');
    expect(stage.lives).toHaveLength(count);
  });

  it('each time, on the CPU as well: told so, and the next picture is served', async () => {
    const stage = begin({ device: 'auto' });
    await expect(stage.matte('abort')).rejects.toMatchObject({
      code: 'INFERENCE_FAILED',
      message: expect.stringContaining('crashed'),
    });
    expect((await stage.matte('echo')).headers['x-bytes']).toBe(7);
  });

  it('loses the mattes it kept', async () => {
    const stage = begin();
    await stage.matte('echo');
    const pid = await stage.pid();
    expect(await stage.engine.status('auto')).toMatchObject({ state: 'ready', provider: 'cpu' });
    const task = { id: String(pid), settings: {}, type: 'image/png' };
    expect(await stage.engine.weighEdge(task)).toBe(1);
    process.kill(pid, 'SIGKILL');
    await until(async () => (await stage.engine.status('auto')).state === 'loading');
    await expect(stage.engine.weighEdge(task)).rejects.toMatchObject({ code: 'MATTE_GONE' });
    await expect(stage.engine.edge(task, { signal: new AbortController().signal })).rejects.toMatchObject({
      code: 'MATTE_GONE',
    });
  });
});

describe('a child that cannot start', () => {
  it('is reported to the client, without rapid restarts, and retried later', async () => {
    const folder = begin().folder;
    const script = path.join(folder, 'broken.mjs');
    writeFileSync(
      script,
      `import { appendFileSync } from 'node:fs';
       appendFileSync(${JSON.stringify(path.join(folder, 'starts'))}, 'x');
       console.error('no such library'); process.exit(3);`,
    );
    const stage = begin({}, script);
    const failures = await Promise.allSettled([stage.matte('echo'), stage.matte('echo')]);
    for (const failure of failures)
      expect(failure).toMatchObject({ reason: { code: 'INFERENCE_FAILED', message: expect.stringContaining('log') } });
    expect(stage.engine.restarts).toBe(5);
    expect(stage.log.join()).toContain('no such library');
    expect(stage.log.join()).toContain('exit code 3');
    expect(await stage.engine.status('auto')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('crashes repeatedly'),
    });
    await expect(stage.matte('echo')).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
    expect(stage.engine.restarts).toBe(5);
  });
});

it.skipIf(process.platform === 'win32')(
  'a child started without free file descriptors dies at once, and its parent continues',
  () => {
    const script = path.join(packageRoot, 'dist', 'test', 'fixtures', 'no-files-left.js');
    const result = spawnSync('sh', ['-c', 'ulimit -n 60; exec "$0" "$1"', process.execPath, script], {
      encoding: 'utf8',
    });
    expect(result).toMatchObject({ status: 0, stdout: expect.stringMatching(/^WorkerDied: .*EMFILE/) });
  },
);

describe('the life of a child', () => {
  it('survives signals to its process group, and ends when its parent asks', async () => {
    const stage = begin();
    const work = stage.matte('slow 600');
    await delay(300);
    const pid = await stage.pid();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
    expect(bodyOf(await work).toString()).toBe('picture');
    await stage.engine.close();
    expect(isAlive(pid)).toBe(false);
    await expect(stage.matte('echo')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it('ends when its memory is too large, after the jobs in progress; later ones wait for the next child', async () => {
    const stage = begin({ maxEngineBytes: 1 });
    const slow = stage.matte('slow 500', Buffer.from('slow'));
    await stage.matte('echo');
    const pid = await stage.pid();
    const [first, next] = await Promise.all([slow, stage.matte('echo', Buffer.from('next'))]);
    expect([bodyOf(first).toString(), bodyOf(next).toString()]).toEqual(['slow', 'next']);
    await until(() => (stage.engine.usage?.pid ?? pid) !== pid);
    expect(isAlive(pid)).toBe(false);
    expect([stage.engine.restarts, stage.log.join()]).toEqual([0, expect.stringContaining('is replaced')]);
  });
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
