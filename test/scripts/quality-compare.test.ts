import { describe, expect, it } from 'vitest';
import type { Scores } from '../../scripts/bench/metrics/score.ts';
import { compare, compareFolds, formatComparison } from '../../scripts/bench/quality-compare.ts';
import { seeded } from '../server/random.ts';

const report = (values: readonly number[], source = 'ours') => ({
  source,
  results: values.map((mse, i) => ({
    name: `p${i}`,
    width: 1,
    height: 1,
    band: 0,
    scores: { mse, mad: mse, bandMse: mse } as Scores,
    cost: null,
  })),
});
const random = seeded(3);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

describe('compare', () => {
  it('gives the interval of a normal mean where the differences are normal', () => {
    const before = Array.from({ length: 400 }, () => random());
    const ours = before.map((value) => value - 0.1 + normal());
    const { mean, low, high, worse, count } = compare(report(ours), report(before), 'mse');
    const deviation = Math.sqrt(ours.reduce((sum, v, i) => sum + (v - before[i]! - mean) ** 2, 0) / 400);
    expect(low).toBeCloseTo(mean - (1.96 * deviation) / 20, 2);
    expect(high).toBeCloseTo(mean + (1.96 * deviation) / 20, 2);
    expect(worse).toBe(ours.filter((v, i) => v > before[i]!).length);
    expect(count).toBe(400);
  });

  it('pairs pictures by name, whatever their order', () => {
    const ours = report([1, 2, 3]);
    const theirs = { ...report([2, 3, 4]), results: report([2, 3, 4]).results.reverse() };
    expect(compare(ours, theirs, 'mad')).toEqual({ mean: -1, low: -1, high: -1, worse: 0, count: 3 });
  });

  it('refuses a report of other pictures', () => {
    expect(() => compare(report([1, 2]), report([1]), 'mse')).toThrow('other pictures');
    expect(() => compare(report([1]), report([1, 2]), 'mse')).toThrow('other pictures');
  });
});

describe('compareFolds', () => {
  it('has every picture in one fold', () => {
    expect(compareFolds(report([1, 2, 3, 4]), report([0, 0, 0, 0]), 'mse', 2)).toEqual([2, 3]);
  });
});

it('the table names what it compares with', () => {
  const table = formatComparison(report([0.2, 0.1]), report([0.1, 0.2], 'RVM'), 2);
  expect(table).toContain('Difference to: RVM');
  expect(table).toContain('| mse | 0.00000 | -0.10000 to +0.10000 | 1 of 2 | +0.10000 -0.10000 |');
});
