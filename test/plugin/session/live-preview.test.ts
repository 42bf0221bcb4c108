import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Cancellation } from '../../../plugin/cancellation.ts';
import { LivePreview } from '../../../plugin/session/live-preview.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Every picture takes a second to make, unless it is cancelled. */
function start() {
  const made: number[] = [];
  const shown: [number, boolean][] = [];
  const errors: unknown[] = [];
  let flying = 0;
  let most = 0;
  const make = async (wanted: number, cancel: Cancellation) => {
    made.push(wanted);
    most = Math.max(most, ++flying);
    try {
      await cancel.sleep(1000);
      if (wanted < 0) throw new Error('no');
      return wanted;
    } finally {
      flying--;
    }
  };
  const live = new LivePreview(
    make,
    (picture: number, fresh) => shown.push([picture, fresh]),
    (error) => errors.push(error),
  );
  return { live, made, shown, errors, most: () => most };
}

test('a slider that is dragged asks for one at a time, and last for what it came to rest on', async () => {
  const { live, made, shown, most } = start();
  for (let position = 1; position <= 100; position++) {
    live.ask(position);
    await vi.advanceTimersByTimeAsync(30);
  }
  await vi.advanceTimersByTimeAsync(5000);
  expect(most()).toBe(1);
  expect(made.length).toBeLessThan(5);
  expect(made.at(-1)).toBe(100);
  expect(shown.map(([picture]) => picture)).toEqual(made);
  expect(shown.map(([, fresh]) => fresh)).toEqual([...Array(made.length - 1).fill(false), true]);
});

test('movements within a moment are one request', async () => {
  const { live, made } = start();
  for (const position of [1, 2, 3]) live.ask(position);
  await vi.advanceTimersByTimeAsync(2000);
  expect(made).toEqual([3]);
});

test('stopped, it shows nothing more and leaves nothing behind; then it can be asked again', async () => {
  const { live, made, shown, errors } = start();
  live.ask(1);
  await vi.advanceTimersByTimeAsync(500);
  live.ask(2);
  live.stop();
  live.ask(3);
  await vi.advanceTimersByTimeAsync(2000);
  expect([made, shown, errors]).toEqual([[1, 3], [[3, true]], []]);
  live.ask(4);
  live.stop();
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('one that fails is told, and does not hold up the next', async () => {
  const { live, shown, errors } = start();
  live.ask(-1);
  await vi.advanceTimersByTimeAsync(500);
  live.ask(5);
  await vi.advanceTimersByTimeAsync(3000);
  expect(errors).toEqual([new Error('no')]);
  expect(shown).toEqual([[5, true]]);
});
