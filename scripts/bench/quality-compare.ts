import { meanOf } from './metrics/score.ts';
import type { Report } from './quality-report.ts';

/** What is compared: those that the documentation quotes. */
const COMPARED = ['mse', 'mad', 'bandMse'] as const;
type Compared = (typeof COMPARED)[number];

const RESAMPLES = 10_000;

export interface Difference {
  mean: number;
  /** 95 % interval: percentile bootstrap over the pictures. */
  low: number;
  high: number;
  /** Pictures with a larger error than before. */
  worse: number;
  count: number;
}

type Scored = Pick<Report, 'results' | 'source'>;

/**
 * Ours minus theirs, picture by picture. Negative is better.
 * @throws {Error} when the reports are of different pictures
 */
export function compare(ours: Scored, theirs: Scored, measure: Compared): Difference {
  const differences = pair(ours, theirs, measure);
  const means = resampledMeans(differences);
  return {
    mean: meanOf(differences),
    low: means[Math.floor(0.025 * RESAMPLES)]!,
    high: means[Math.ceil(0.975 * RESAMPLES) - 1]!,
    worse: differences.filter((value) => value > 0).length,
    count: differences.length,
  };
}

/** Mean difference of each of `folds` parts of the pictures; the i-th picture is in part i modulo `folds`. */
export function compareFolds(ours: Scored, theirs: Scored, measure: Compared, folds: number): number[] {
  const differences = pair(ours, theirs, measure);
  return Array.from({ length: folds }, (_, fold) => meanOf(differences.filter((_, i) => i % folds === fold)));
}

/** A Markdown table: the interval says whether a difference is more than chance, the folds whether few pictures make it. */
export function formatComparison(ours: Scored, theirs: Scored, folds: number): string {
  const rows = COMPARED.map((measure) => {
    const { mean, low, high, worse, count } = compare(ours, theirs, measure);
    const parts = compareFolds(ours, theirs, measure, folds).map(signed).join(' ');
    return `| ${measure} | ${signed(mean)} | ${signed(low)} to ${signed(high)} | ${worse} of ${count} | ${parts} |`;
  });
  return [
    `Difference to: ${theirs.source} (negative is better)`,
    '',
    `| | mean | 95 % interval, paired bootstrap | worse | means of ${folds} folds |`,
    '|---|---:|---|---|---|',
    ...rows,
  ].join('\n');
}

function pair(ours: Scored, theirs: Scored, measure: Compared): number[] {
  const before = new Map(theirs.results.map(({ name, scores }) => [name, scores[measure]]));
  if (before.size !== ours.results.length || ours.results.some(({ name }) => !before.has(name)))
    throw new Error('The report to compare with is of other pictures.');
  return ours.results.map(({ name, scores }) => scores[measure] - before.get(name)!);
}

/** Sorted. The same numbers in every run. */
function resampledMeans(values: readonly number[]): Float64Array {
  const random = seeded(1);
  const means = new Float64Array(RESAMPLES);
  for (let k = 0; k < RESAMPLES; k++) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[Math.floor(random() * values.length)]!;
    means[k] = sum / values.length;
  }
  return means.sort();
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(5)}`;
}
