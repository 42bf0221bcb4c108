import { describe, expect, it } from 'vitest';
import { AppError } from '../../../server/errors.ts';
import { Runner } from '../../../server/jobs/runner.ts';

const never = new AbortController().signal;
const late = expect.objectContaining({ code: 'DEADLINE_PASSED' });

/** Work that ends only when it is told to stop, as an engine does at its next safe point. */
const stubborn = ({ signal }: { signal: AbortSignal }) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => setTimeout(() => reject(new Error('the engine stopped')), 20));
  });

describe('Runner', () => {
  it('stops work that takes too long, and begins the next one only then', async () => {
    const runner = new Runner({ concurrency: 1, maxTime: 30 });
    let ended = false;
    const first = runner
      .run((options) => stubborn(options).finally(() => (ended = true)), { client: 'a', signal: never })
      .catch((error: unknown) => error);
    const second = runner.run(async () => ended, { client: 'b', signal: never });
    expect(await first).toEqual(late);
    expect(await second).toBe(true);
    expect(runner.turns.running).toBe(0);
  });

  it('counts waiting only where the client sets a deadline', async () => {
    const runner = new Runner({ concurrency: 1, maxTime: 1000 });
    const controller = new AbortController();
    const first = runner.run(stubborn, { client: 'a', signal: controller.signal }).catch((error: unknown) => error);
    let begun = false;
    const waiting = { client: 'b', signal: never, deadline: 30 };
    await expect(runner.run(async () => (begun = true), waiting)).rejects.toEqual(late);
    controller.abort(new AppError('CANCELLED'));
    expect(await first).toEqual(expect.objectContaining({ code: 'CANCELLED' }));
    expect(await runner.run(async () => 'in time', waiting)).toBe('in time');
    expect([begun, runner.turns.running, runner.turns.waiting]).toEqual([false, 0, 0]);
  });

  it('passes on what the work throws', async () => {
    const runner = new Runner({ concurrency: 1, maxTime: 1000 });
    const fails = async () => {
      throw new AppError('NOT_AN_IMAGE');
    };
    await expect(runner.run(fails, { client: 'a', signal: never })).rejects.toEqual(new AppError('NOT_AN_IMAGE'));
    expect(runner.usualSeconds).toBeNull();
    expect(runner.turns.running).toBe(0);
  });

  it('judges how long things take by what the last ones took', async () => {
    const runner = new Runner({ concurrency: 2, maxTime: 1000 });
    expect(runner.secondsFor(3)).toBeNull();
    for (let i = 0; i < 20; i++) await runner.run(async () => undefined, { client: 'a', signal: never });
    expect(runner.usualSeconds).toBeLessThan(0.1);
    expect(runner.secondsFor(0)).toBeCloseTo(runner.usualSeconds! * 1.5, 9);
    expect(runner.secondsFor(3)).toBeCloseTo(runner.usualSeconds! * 3, 9);
  });
});
