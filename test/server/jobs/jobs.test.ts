import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobState } from '../../../protocol/schemas/job.ts';
import type { Answer, WorkOptions } from '../../../server/engine/engine.ts';
import { AppError } from '../../../server/errors.ts';
import { Jobs } from '../../../server/jobs/jobs.ts';
import { Runner } from '../../../server/jobs/runner.ts';
import { seeded } from '../random.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const failure = (code: string) => expect.objectContaining({ code });
const answerOf = (bytes: number): Answer => ({
  type: 'image/png',
  headers: { 'x-model': 'm' },
  body: Buffer.alloc(bytes),
  timings: {},
});

/** An engine whose work ends when the test says so. */
class FakeEngine {
  readonly begun: { finish(answer: Answer): void; fail(error: Error): void; options: WorkOptions }[] = [];
  released = 0;

  readonly work = (options: WorkOptions) =>
    new Promise<Answer>((finish, fail) => {
      options.signal.addEventListener('abort', () => fail(new Error('stopped at a safe point')));
      this.begun.push({ finish, fail, options });
    });

  submission(client = 'a') {
    return { client, work: this.work, release: () => void this.released++ };
  }
}

let runner: Runner;
let engine: FakeEngine;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  runner = new Runner({ concurrency: 1, maxTime: 60_000 });
  engine = new FakeEngine();
});
afterEach(() => void vi.useRealTimers());

const limits = { maxJobs: 4, maxBytes: 1000, keepFor: 10_000 };

describe('Jobs', () => {
  it('goes from queued over running to done, and is forgotten in the end', async () => {
    const jobs = new Jobs(runner, limits);
    const { id, ended } = jobs.submit(engine.submission());
    const { id: second } = jobs.submit(engine.submission());
    const third = jobs.submit(engine.submission('b')).id;
    await settled();
    expect(jobs.describe(id)).toEqual({
      id,
      state: 'running',
      progress: 0,
      ahead: 0,
      estimate: null,
      error: null,
      result: null,
    });
    expect([jobs.describe(second).ahead, jobs.describe(third).ahead]).toEqual([0, 1]);
    expect(() => jobs.result(id)).toThrow(failure('JOB_PENDING'));
    engine.begun[0]!.options.onProgress?.(0.5);
    engine.begun[0]!.options.onProgress?.(0.25);
    vi.advanceTimersByTime(4000);
    expect(jobs.describe(id)).toMatchObject({ progress: 0.5, estimate: 4 });
    engine.begun[0]!.finish(answerOf(10));
    await ended;
    expect(jobs.describe(id)).toMatchObject({ state: 'done', progress: 1, result: `/v1/jobs/${id}/result` });
    expect(jobs.result(id)).toMatchObject({ type: 'image/png', headers: { 'x-model': 'm' } });
    await settled();
    expect(jobs.describe(third)).toMatchObject({ state: 'queued', estimate: 8 });
    expect([jobs.bytes, engine.released]).toEqual([10, 1]);
    vi.advanceTimersByTime(9999);
    expect(jobs.result(id).body).toHaveLength(10);
    vi.advanceTimersByTime(1);
    expect(() => jobs.describe(id)).toThrow(failure('JOB_GONE'));
    expect(jobs.bytes).toBe(0);
    jobs.close();
  });

  it('keeps why a job failed', async () => {
    const jobs = new Jobs(runner, limits);
    const [first, second] = [jobs.submit(engine.submission()), jobs.submit(engine.submission())];
    await settled();
    engine.begun[0]!.fail(new AppError('NOT_AN_IMAGE'));
    await first.ended;
    await settled();
    engine.begun[1]!.fail(new Error('secret of the driver'));
    await second.ended;
    expect(jobs.describe(first.id)).toMatchObject({ state: 'failed', error: { code: 'NOT_AN_IMAGE' }, result: null });
    expect(() => jobs.result(first.id)).toThrow(failure('NOT_AN_IMAGE'));
    expect(jobs.describe(second.id).error).toMatchObject({ code: 'INTERNAL' });
    expect(JSON.stringify(jobs.describe(second.id))).not.toContain('secret');
  });

  it('stops a job that is removed at once for its owner, and for the next one when the work has ended', async () => {
    const jobs = new Jobs(runner, limits);
    const running = jobs.submit(engine.submission());
    const queued = jobs.submit(engine.submission());
    await settled();
    jobs.remove(queued.id);
    jobs.remove(running.id);
    expect([running, queued].map(({ id }) => jobs.describe(id).state)).toEqual(['cancelled', 'cancelled']);
    expect(() => jobs.result(running.id)).toThrow(failure('CANCELLED'));
    await Promise.all([running.ended, queued.ended]);
    await settled();
    expect([engine.begun.length, engine.released, runner.turns.running]).toEqual([1, 2, 0]);
    expect(engine.begun[0]!.options.signal.reason).toEqual(failure('CANCELLED'));
    jobs.remove(running.id);
    expect(() => jobs.remove(running.id)).toThrow(failure('JOB_GONE'));
    expect(jobs.size).toBe(1);
  });

  it('drops results that were fetched for new ones, and takes no job that would cost one that was not', async () => {
    const jobs = new Jobs(runner, limits);
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { id, ended } = jobs.submit(engine.submission());
      ids.push(id);
      await settled();
      engine.begun.at(-1)!.finish(answerOf(10));
      await ended;
    }
    expect(() => jobs.submit(engine.submission())).toThrow(failure('QUEUE_FULL'));
    jobs.markFetched(ids[2]!);
    jobs.submit(engine.submission());
    expect(() => jobs.describe(ids[2]!)).toThrow(failure('JOB_GONE'));
    expect([0, 1, 3].map((i) => jobs.describe(ids[i]!).state)).toEqual(['done', 'done', 'done']);
    jobs.close();
  });

  it('keeps no more bytes than it may, streams included', async () => {
    const jobs = new Jobs(new Runner({ concurrency: 4, maxTime: 60_000 }), limits);
    const submitted = [1, 2, 3].map(() => jobs.submit(engine.submission()));
    await settled();
    const chunks = [Buffer.alloc(300, 1), Buffer.alloc(300, 2)];
    engine.begun[0]!.finish({ ...answerOf(0), headers: { 'content-length': 600 }, body: Readable.from(chunks) });
    await submitted[0]!.ended;
    expect(jobs.result(submitted[0]!.id).body).toEqual(Buffer.concat(chunks));
    engine.begun[1]!.finish(answerOf(500));
    await submitted[1]!.ended;
    expect(() => jobs.describe(submitted[0]!.id)).toThrow(failure('JOB_GONE'));
    const endless = Readable.from(chunks);
    engine.begun[2]!.finish({ ...answerOf(0), headers: { 'content-length': 1001 }, body: endless });
    await submitted[2]!.ended;
    expect(() => jobs.result(submitted[2]!.id)).toThrow(failure('RESULT_TOO_LARGE'));
    expect([jobs.bytes, endless.destroyed]).toEqual([500, true]);
  });

  it('hands back what is not done when the server ends', async () => {
    const jobs = new Jobs(runner, limits);
    const submitted = [1, 2, 3].map(() => jobs.submit(engine.submission()));
    await settled();
    engine.begun[0]!.finish(answerOf(10));
    await submitted[0]!.ended;
    jobs.stop();
    await Promise.all(submitted.map(({ ended }) => ended));
    expect(submitted.map(({ id }) => jobs.describe(id).error?.code)).toEqual([
      undefined,
      'SHUTTING_DOWN',
      'SHUTTING_DOWN',
    ]);
    jobs.close();
    await settled();
    expect([jobs.size, jobs.bytes, engine.released, runner.turns.running]).toEqual([0, 0, 3, 0]);
  });

  it.each(Array.from({ length: 60 }, (_, seed) => seed))('survives any sequence of events (%d)', async (seed) => {
    const random = seeded(seed);
    const below = (n: number) => Math.floor(random() * n);
    runner = new Runner({ concurrency: 1 + below(3), maxTime: 5000 });
    const bounds = { maxJobs: 1 + below(6), maxBytes: 1 + below(200), keepFor: 1000 * (1 + below(9)) };
    const jobs = new Jobs(runner, bounds);
    const seen = new Map<string, JobState[]>();
    let accepted = 0;
    const look = () => {
      for (const [id, states] of seen) {
        const state = read(() => jobs.describe(id).state);
        if (state && state !== states.at(-1)) states.push(state);
      }
    };
    for (let step = 0; step < 150; step++) {
      const ids = [...seen.keys()];
      const id = ids[below(ids.length)] ?? 'none';
      const work = engine.begun[below(engine.begun.length)];
      const action = below(8);
      if (action < 3) {
        const submitted = read(() => jobs.submit(engine.submission(String(below(3)))));
        if (submitted) seen.set(submitted.id, ['queued']);
        if (submitted) accepted++;
      }
      if (action === 3) work?.finish(answerOf(below(100)));
      if (action === 4) work?.fail(new AppError('INFERENCE_FAILED'));
      if (action === 5) read(() => jobs.remove(id));
      if (action === 6) jobs.markFetched(id);
      if (action === 7) vi.advanceTimersByTime(below(3000));
      look();
      await settled();
      look();
      expect(jobs.size).toBeLessThanOrEqual(bounds.maxJobs);
      expect(jobs.bytes).toBeLessThanOrEqual(bounds.maxBytes);
      const kept = ids.map((each) => read(() => jobs.result(each).body.byteLength) ?? 0);
      expect(jobs.bytes).toBeGreaterThanOrEqual(kept.reduce((sum, bytes) => sum + bytes, 0));
    }
    vi.advanceTimersByTime(5000);
    for (const work of engine.begun) work.finish(answerOf(1));
    for (let round = 0; engine.released < accepted; round++) {
      expect(round).toBeLessThan(200);
      await settled();
      engine.begun.at(-1)?.finish(answerOf(1));
      for (const work of engine.begun) work.finish(answerOf(1));
      look();
    }
    vi.advanceTimersByTime(10_000);
    await settled();
    expect([jobs.size, jobs.bytes, runner.turns.running, runner.turns.waiting]).toEqual([0, 0, 0, 0]);
    expect(engine.released).toBe(accepted);
    // Each passes through its states in order and ends once.
    const order = { queued: 0, running: 1, done: 2, failed: 2, cancelled: 2 };
    for (const states of seen.values()) {
      const ranks = states.map((state) => order[state]);
      expect(ranks).toEqual([...new Set(ranks)].sort());
    }
  });
});

/** What a call returns, or undefined where it refuses. */
function read<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
