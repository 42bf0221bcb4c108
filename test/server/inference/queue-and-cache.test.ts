import { describe, expect, it, vi } from 'vitest';
import { RunQueue } from '../../../server/inference/run-queue.ts';
import type { Session } from '../../../server/inference/session.ts';
import { SessionCache } from '../../../server/inference/session-cache.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';
import { fakeSession, Gate, OPAQUE, until } from '../server-fixture.ts';

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

  describe('an idle model', () => {
    const input = { data: new Float32Array(48), dims: [1, 3, 4, 4] };

    it('is unloaded after a while, and loaded again for a caller that still holds it', async () => {
      const load = vi.fn(async () => ({ ...fakeSession(), run: async () => OPAQUE() }));
      const changes: string[] = [];
      const cache: SessionCache = new SessionCache(load, {
        unloadAfter: 20,
        onChange: (id) => changes.push(cache.peek(id) ? 'ready' : cache.isLoading(id) ? 'loading' : 'none'),
      });
      const model = await cache.get(spec);
      await until(() => cache.peek(spec.id) === undefined);
      expect(changes).toEqual(['loading', 'ready', 'none']);
      expect((await model.run(input)).output).toEqual(OPAQUE().output);
      expect(load).toHaveBeenCalledTimes(2);
      await cache.dispose();
    });

    it('stays when it is pinned, and while it runs', async () => {
      const gate = new Gate();
      const cache = new SessionCache(
        async () => ({ ...fakeSession(), run: async () => gate.pass().then(() => OPAQUE()) }),
        { unloadAfter: 20, isPinned: (id) => id === other.id },
      );
      await cache.get(other);
      const running = (await cache.get(spec)).run(input);
      await until(() => gate.waiting === 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect([spec.id, other.id].map((id) => cache.peek(id)?.spec.id)).toEqual([spec.id, other.id]);
      gate.open();
      await running;
      await until(() => cache.peek(spec.id) === undefined);
      expect(cache.peek(other.id)).toBeDefined();
      await cache.dispose();
    });
  });

  describe('a graphics card without enough memory', () => {
    const input = { data: new Float32Array(48), dims: [1, 3, 4, 4] };
    const full = new Error('[ONNXRuntimeError] : 1 : FAIL : CUDA failure 2: out of memory ; GPU=0');

    it('leaves the picture to the CPU, says so, and is let go of', async () => {
      const dispose = vi.fn(async () => undefined);
      const load = vi.fn(async (_spec: unknown, device?: 'cpu'): Promise<Session> => {
        if (device) return { ...fakeSession(), run: async () => OPAQUE() };
        return { ...fakeSession(), provider: 'cuda', run: () => Promise.reject(full), dispose };
      });
      const onChange = vi.fn();
      const cache = new SessionCache(load, { onChange });
      const model = await cache.get(spec);
      expect([model.session.provider, (await model.run(input)).output]).toEqual(['cuda', OPAQUE().output]);
      expect(model.session).toMatchObject({
        provider: 'cpu',
        reason: 'GPU not used: CUDA did not get enough memory; other programs may be using it.',
      });
      expect([dispose.mock.calls.length, onChange.mock.calls.length]).toEqual([1, 3]);
      await model.run(input);
      expect(load).toHaveBeenCalledTimes(2);
    });

    it('is tried again after a while', async () => {
      vi.useFakeTimers({ toFake: ['performance'] });
      try {
        const load = vi.fn(async (_spec: unknown, device?: 'cpu'): Promise<Session> => {
          const run = async () => OPAQUE();
          if (device) return { ...fakeSession(), run };
          const isFirst = load.mock.calls.length === 1;
          return { ...fakeSession(), provider: 'cuda', run: isFirst ? () => Promise.reject(full) : run };
        });
        const cache = new SessionCache(load);
        await (await cache.get(spec)).run(input);
        vi.advanceTimersByTime(60_000);
        expect((await cache.get(spec)).session.provider).toBe('cpu');
        vi.advanceTimersByTime(5 * 60_000);
        expect((await cache.get(spec)).session.provider).toBe('cuda');
      } finally {
        vi.useRealTimers();
      }
    });

    it('fails the run when the CPU cannot do it either, and for every other reason', async () => {
      const fail = (error: Error, provider: Session['provider']) => async (_: unknown, device?: 'cpu') => ({
        ...fakeSession(),
        provider: device ?? provider,
        run: () => Promise.reject(error),
      });
      const both = await new SessionCache(fail(full, 'dml')).get(spec);
      await expect(both.run(input)).rejects.toMatchObject({ code: 'INFERENCE_FAILED', cause: full });
      const removed = new Error('887A0005 device removed');
      const lost = await new SessionCache(fail(removed, 'dml')).get(spec);
      await expect(lost.run(input)).rejects.toMatchObject({ code: 'INFERENCE_FAILED', cause: removed });
      expect(lost.session.provider).toBe('dml');
    });
  });
});
