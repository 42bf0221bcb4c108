import { expect, it } from 'vitest';
import { SharedLock } from '../../../server/engine/shared-lock.ts';

const settle = () => new Promise(setImmediate);

it('lets shared holders in together; an exclusive one waits for all of them and is not overtaken', async () => {
  const lock = new SharedLock();
  const order: string[] = [];
  const enter = (name: string, alone: boolean, signal?: AbortSignal) =>
    lock.enter(alone, signal).then((leave) => {
      order.push(name);
      return leave;
    });
  const [a, b] = await Promise.all([enter('a', false), enter('b', false)]);
  const alone = enter('alone', true);
  const late = enter('late', false);
  await settle();
  expect([order, lock.length]).toEqual([['a', 'b'], 4]);
  a();
  a();
  await settle();
  expect(order).toEqual(['a', 'b']);
  b();
  const leave = await alone;
  await settle();
  expect(order).toEqual(['a', 'b', 'alone']);
  leave();
  (await late)();
  expect([order.at(-1), lock.length]).toEqual(['late', 0]);
});

it('skips aborted waiters and serves those behind them', async () => {
  const lock = new SharedLock();
  const leave = await lock.enter(false);
  const stopping = new AbortController();
  const alone = lock.enter(true, stopping.signal);
  const behind = lock.enter(false);
  stopping.abort(new Error('left'));
  await expect(alone).rejects.toThrow('left');
  (await behind)();
  leave();
  expect(lock.length).toBe(0);
  await expect(lock.enter(false, stopping.signal)).rejects.toThrow('left');
  // Too late to abort: it already holds the lock.
  const second = new AbortController();
  const out = await lock.enter(true, second.signal);
  second.abort();
  out();
  expect(lock.length).toBe(0);
});
