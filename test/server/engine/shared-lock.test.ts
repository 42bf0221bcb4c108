import { expect, it } from 'vitest';
import { Turnstile } from '../../../server/engine/shared-lock.ts';

const settle = () => new Promise(setImmediate);

it('lets many in together, but who wants to be alone waits for an empty room and is not overtaken', async () => {
  const turnstile = new Turnstile();
  const order: string[] = [];
  const enter = (name: string, alone: boolean, signal?: AbortSignal) =>
    turnstile.enter(alone, signal).then((leave) => {
      order.push(name);
      return leave;
    });
  const [a, b] = await Promise.all([enter('a', false), enter('b', false)]);
  const alone = enter('alone', true);
  const late = enter('late', false);
  await settle();
  expect([order, turnstile.length]).toEqual([['a', 'b'], 4]);
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
  expect([order.at(-1), turnstile.length]).toEqual(['late', 0]);
});

it('forgets who left the queue, and goes on with those behind', async () => {
  const turnstile = new Turnstile();
  const leave = await turnstile.enter(false);
  const stopping = new AbortController();
  const alone = turnstile.enter(true, stopping.signal);
  const behind = turnstile.enter(false);
  stopping.abort(new Error('left'));
  await expect(alone).rejects.toThrow('left');
  (await behind)();
  leave();
  expect(turnstile.length).toBe(0);
  await expect(turnstile.enter(false, stopping.signal)).rejects.toThrow('left');
  // Too late to leave the queue: it is inside.
  const second = new AbortController();
  const out = await turnstile.enter(true, second.signal);
  second.abort();
  out();
  expect(turnstile.length).toBe(0);
});
