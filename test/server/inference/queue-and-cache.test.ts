import { describe, expect, it, vi } from 'vitest';
import { RunQueue } from '../../../server/inference/run-queue.ts';
import type { Session } from '../../../server/inference/session.ts';
import { SessionCache } from '../../../server/inference/session-cache.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';
import { fakeSession, Gate, OPAQUE, until } from '../stage.ts';

describe('RunQueue', () => {
  it('runs one at a time, in order, and counts', async () => {
    const queue = new RunQueue();
    const log: string[] = [];
    let inside = 0;
    const task = (name: string) => async () => {
      expect(++inside).toBe(1);
      await new Promise(setImmediate);
      log.push(name);
      inside--;
      return name;
    };
    const results = ['a', 'b', 'c'].map((name) => queue.run(task(name)));
    expect(queue.length).toBe(3);
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a', 'b', 'c']);
    expect(queue.length).toBe(0);
  });

  it('goes on after a task that rejects or throws', async () => {
    const queue = new RunQueue();
    const failing = [
      queue.run(() => Promise.reject(new Error('one'))),
      queue.run(() => {
        throw new Error('two');
      }),
    ];
    const good = queue.run(async () => 3);
    expect(await Promise.allSettled(failing)).toMatchObject([
      { reason: { message: 'one' } },
      { reason: { message: 'two' } },
    ]);
    expect(await good).toBe(3);
  });

  it('skips what was aborted before its turn, and does not start the next early', async () => {
    const queue = new RunQueue();
    const gate = new Gate();
    const controller = new AbortController();
    const first = queue.run(() => gate.pass());
    const task = vi.fn(async () => 0);
    const skipped = queue.run(task, controller.signal);
    const last = vi.fn(async () => 'last');
    const third = queue.run(last);
    controller.abort(new Error('left'));
    await new Promise(setImmediate);
    expect(last).not.toHaveBeenCalled();
    gate.open();
    await expect(skipped).rejects.toThrow('left');
    expect(await third).toBe('last');
    expect(task).not.toHaveBeenCalled();
    await first;
  });
});

describe('SessionCache', () => {
  const { spec } = buildStandIn(4);
  const other = buildStandIn(4, 'other').spec;

  it('loads once for all callers, once per model', async () => {
    const load = vi.fn(async () => fakeSession());
    const cache = new SessionCache(load);
    expect(cache.peek(spec.id)).toBeUndefined();
    const [one, two] = [cache.get(spec), cache.get(spec)];
    expect(cache.isLoading(spec.id)).toBe(true);
    expect(await one).toBe(await two);
    expect([cache.isLoading(spec.id), cache.peek(spec.id) === (await one)]).toEqual([false, true]);
    await cache.get(other);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('forgets a load that failed', async () => {
    const load = vi
      .fn<() => Promise<Session>>()
      .mockRejectedValueOnce(new Error('no'))
      .mockResolvedValue(fakeSession());
    const cache = new SessionCache(load);
    const both = await Promise.allSettled([cache.get(spec), cache.get(spec)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(cache.isLoading(spec.id)).toBe(false);
    expect((await cache.get(spec)).spec).toBe(spec);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('turns a failed run into INFERENCE_FAILED and goes on', async () => {
    const run = vi.fn<Session['run']>().mockRejectedValueOnce(new Error('driver')).mockResolvedValue(OPAQUE());
    const cache = new SessionCache(async () => ({ ...fakeSession(), run }));
    const model = await cache.get(spec);
    const input = { data: new Float32Array(48), dims: [1, 3, 4, 4] };
    await expect(model.run(input)).rejects.toMatchObject({ code: 'INFERENCE_FAILED', cause: { message: 'driver' } });
    const result = await model.run(input);
    expect(result.output).toEqual(OPAQUE().output);
    expect(Math.min(result.waited, result.ran)).toBeGreaterThanOrEqual(0);
    expect(run).toHaveBeenLastCalledWith({ input }, ['output']);
  });

  it('releases every session after the run in progress, also when one cannot be released', async () => {
    const gate = new Gate();
    const log: string[] = [];
    const cache = new SessionCache(async ({ id }) => ({
      ...fakeSession(),
      run: async () => {
        await gate.pass();
        log.push('ran');
        return OPAQUE();
      },
      dispose: async () => {
        log.push(`released ${id}`);
        if (id === spec.id) throw new Error('stuck');
      },
    }));
    const model = await cache.get(spec);
    await cache.get(other);
    const running = model.run({ data: new Float32Array(48), dims: [1, 3, 4, 4] });
    await until(() => gate.waiting === 1);
    const disposing = cache.dispose();
    expect(cache.peek(spec.id)).toBeUndefined();
    expect(log).not.toContain(`released ${spec.id}`);
    gate.open();
    await running;
    await expect(disposing).rejects.toThrow('stuck');
    expect(log).toHaveLength(3);
    expect(log.indexOf('ran')).toBeLessThan(log.indexOf(`released ${spec.id}`));
    expect(log).toContain('released other');
  });

  it('releases a session that finishes loading during dispose, and loads none afterwards', async () => {
    const gate = new Gate();
    const dispose = vi.fn(async () => undefined);
    const load = vi.fn(async () => gate.pass().then(() => ({ ...fakeSession(), dispose })));
    const cache = new SessionCache(load);
    const loading = cache.get(spec);
    const disposing = cache.dispose();
    gate.open();
    await Promise.all([loading, disposing]);
    expect(dispose).toHaveBeenCalledTimes(1);
    expect(cache.peek(spec.id)).toBeUndefined();
    await expect(cache.get(spec)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(load).toHaveBeenCalledTimes(1);
  });
});
