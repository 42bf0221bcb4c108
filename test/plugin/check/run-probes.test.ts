import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Cancellation, Cancelled } from '../../../plugin/cancellation.ts';
import type { Outcome, Probe } from '../../../plugin/check/probe.ts';
import { runProbes } from '../../../plugin/check/run-probes.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const log: string[] = [];
const ended: Outcome[] = [];
const journal = {
  begin: async ({ id }: Probe) => void log.push(`begin ${id}`),
  end: async (outcome: Outcome) => {
    log.push(`end ${outcome.id}`);
    ended.push(outcome);
  },
};
beforeEach(() => {
  log.length = 0;
  ended.length = 0;
});

const fine: Probe = { id: 'globals', run: () => ({ seen: 1, expected: true }) };
const thrower: Probe = {
  id: 'language',
  run() {
    throw new Error('no words');
  },
};
const hanging: Probe = { id: 'storage', limit: 3, run: () => new Promise(() => {}) };

test('the record is written before and after each probe, whatever comes of it', async () => {
  const run = runProbes([thrower, hanging, fine], journal, new Cancellation());
  await vi.advanceTimersByTimeAsync(3000);
  await run;
  expect(log).toEqual([
    ...['begin language', 'end language', 'begin storage', 'end storage', 'begin globals', 'end globals'],
  ]);
  expect(ended.map(({ end, expected, seen }) => [end, expected, seen])).toEqual([
    ['failed', false, 'no words'],
    ['timed-out', false, null],
    ['answered', true, 1],
  ]);
});

test('a probe that is given up hears of it', async () => {
  let heard: Cancellation | null = null;
  const listening: Probe = {
    id: 'storage',
    limit: 1,
    run(cancel) {
      heard = cancel;
      return cancel.sleep(5000).then(() => ({ seen: null, expected: true }));
    },
  };
  const run = runProbes([listening], journal, new Cancellation());
  await vi.advanceTimersByTimeAsync(1000);
  await run;
  expect(heard!.cancelled).toBe(true);
  expect(ended[0]!.end).toBe('timed-out');
});

test('Cancel ends the rest at once', async () => {
  const cancel = new Cancellation();
  const run = runProbes([hanging, fine], journal, cancel);
  await vi.advanceTimersByTimeAsync(100);
  cancel.cancel();
  await expect(run).rejects.toBeInstanceOf(Cancelled);
  expect(log).toEqual(['begin storage']);
});
