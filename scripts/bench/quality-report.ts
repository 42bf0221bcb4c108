import { CONNECTIVITY_DIVISOR } from './metrics/connectivity.ts';
import { SAD_DIVISOR } from './metrics/errors.ts';
import { GRADIENT_DIVISOR, GRADIENT_SIGMA } from './metrics/gradient.ts';
import { MEASURES, meanOf, medianOf, type Scores } from './metrics/score.ts';
import { CLAMP_HIGH, CLAMP_LOW } from './metrics/trimap.ts';
import type { Cost } from './quality-source.ts';

export interface Result {
  name: string;
  width: number;
  height: number;
  /** Share of the picture that the unknown band covers. */
  band: number;
  scores: Scores;
  cost: Cost | null;
}

export interface Report {
  folder: string;
  source: string;
  definitions: string[];
  results: Result[];
  mean: Scores;
  median: Scores;
  /** Of the server, over the whole run. */
  peakBytes: number | null;
}

export function summarise(head: Pick<Report, 'folder' | 'source'>, drawnTrimaps: boolean, results: Result[]): Report {
  const over = (statistic: (values: number[]) => number) =>
    Object.fromEntries(MEASURES.map((key) => [key, statistic(results.map(({ scores }) => scores[key]))])) as Scores;
  const peaks = results.flatMap(({ cost }) => (cost ? [cost.peakBytes] : []));
  return {
    ...head,
    definitions: define(drawnTrimaps),
    results,
    mean: over(meanOf),
    median: over(medianOf),
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : null,
  };
}

function define(drawnTrimaps: boolean): string[] {
  const band = drawnTrimaps
    ? 'the unknown part of the trimap that came with the picture'
    : `true alpha above ${CLAMP_LOW}/255 and below ${CLAMP_HIGH}/255, grown by a square reaching 0.5 % of the longer side`;
  return [
    'Alpha 0..1 at full size, against the truth as it is stored. Lower is better.',
    `SAD / ${SAD_DIVISOR}; Grad: Gaussian derivatives, sigma ${GRADIENT_SIGMA}, no stretching, / ${GRADIENT_DIVISOR}; Conn: step 0.1, / ${CONNECTIVITY_DIVISOR}.`,
    `Band: ${band}. Band columns after making the matte right outside it.`,
    's: request to answer over HTTP. Peak: resident memory of the server process so far.',
  ];
}

/** Column headings with how many digits they need. */
const DIGITS: Record<keyof Scores, [heading: string, digits: number]> = {
  mse: ['MSE', 5],
  mad: ['MAD', 5],
  sad: ['SAD', 2],
  grad: ['Grad', 3],
  conn: ['Conn', 2],
  bandMse: ['band MSE', 4],
  bandMad: ['band MAD', 4],
  bandSad: ['band SAD', 2],
  bandGrad: ['band Grad', 3],
  bandConn: ['band Conn', 2],
  sadForeground: ['SAD fg', 2],
  sadBackground: ['SAD bg', 2],
};

/** A Markdown table with one row per picture, the mean and the median. */
export function formatReport({ folder, source, definitions, results, mean, median, peakBytes }: Report): string {
  const costs = results.flatMap(({ cost }) => (cost ? [cost] : []));
  const runs = costs.flatMap((cost) => (cost.runs === null ? [] : [cost.runs]));
  const seconds = costs.map((cost) => cost.seconds);
  const headings = ['picture', 'size', ...MEASURES.map((key) => DIGITS[key][0])];
  if (costs.length > 0) headings.push('s', ...(runs.length > 0 ? ['runs'] : []), 'peak MB');
  const row = (name: string, size: string, scores: Scores, cost: [seconds: number, runs: number, peak: number]) => {
    const cells = [name, size, ...MEASURES.map((key) => number(scores[key], DIGITS[key][1]))];
    if (costs.length > 0) {
      cells.push(number(cost[0], 2));
      if (runs.length > 0) cells.push(number(cost[1], Number.isInteger(cost[1]) ? 0 : 1));
      cells.push(number(cost[2] / 1e6, 0));
    }
    return line(cells);
  };
  const peak = peakBytes ?? Number.NaN;
  return [
    `${results.length} pictures of ${folder}; ${source}${modelsOf(costs)}`,
    ...definitions.map((sentence) => `- ${sentence}`),
    '',
    line(headings),
    line(headings.map((_, i) => (i < 2 ? '---' : '---:'))),
    ...results.map(({ name, width, height, scores, cost }) =>
      row(name, `${width}x${height}`, scores, [
        cost?.seconds ?? Number.NaN,
        cost?.runs ?? Number.NaN,
        cost?.peakBytes ?? Number.NaN,
      ]),
    ),
    row('**mean**', '', mean, [meanOf(seconds), meanOf(runs), peak]),
    row('**median**', '', median, [medianOf(seconds), medianOf(runs), peak]),
  ].join('\n');
}

function modelsOf(costs: readonly Cost[]): string {
  const models = [...new Set(costs.map(({ model, provider }) => `${model} on ${provider}`))];
  return models.length > 0 ? ` (${models.join(', ')})` : '';
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function number(value: number, digits: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(digits);
}
