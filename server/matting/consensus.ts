import type { CoarseAlpha } from './coarse-alpha.ts';

/** Neighbourhood in which an opinion is judged, and how fast trust falls with its mean distance from the majority. */
const RADIUS = 80;
const TRUST = 0.02;

/**
 * One alpha out of three or more opinions on the same grid.
 *
 * Where networks disagree, one is usually badly wrong: it lost a torso or kept a chair. The median per pixel follows the
 * majority and so decides what belongs to the person, but it is a patchwork at the edges. So each of the `edges`
 * opinions, which draw hair best, is weighted by how closely it follows the median around the pixel
 * (`exp(-mean distance / 0.02)`), and their mix is the answer: clean strands from a network where it is right about the
 * person, nothing from it where it is not.
 *
 * `npm run bench:quality` measures it; either constant may be doubled, and the neighbourhood halved, without much change.
 */
export function findConsensus(opinions: readonly CoarseAlpha[], edges: readonly number[]): CoarseAlpha {
  const { width, height } = opinions[0]!;
  const majority = medianOf(opinions.map(({ data }) => data));
  const sum = new Float32Array(majority.length);
  const weights = new Float32Array(majority.length);
  for (const edge of edges) {
    const { data } = opinions[edge]!;
    const distance = boxMean(
      data.map((value, i) => Math.abs(value - majority[i]!)),
      width,
      height,
      RADIUS,
    );
    for (let i = 0; i < sum.length; i++) {
      // Never quite nothing: somebody must answer where both are far from the majority.
      const weight = Math.exp(-distance[i]! / TRUST) + 1e-6;
      sum[i]! += weight * data[i]!;
      weights[i]! += weight;
    }
  }
  return { width, height, data: sum.map((value, i) => value / weights[i]!) };
}

function medianOf(planes: readonly Float32Array[]): Float32Array {
  const values = new Float32Array(planes.length);
  const middle = planes.length >> 1;
  return planes[0]!.map((_, i) => {
    for (let k = 0; k < planes.length; k++) values[k] = planes[k]![i]!;
    values.sort();
    return planes.length % 2 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
  });
}

/** Mean over a window of `2 * radius + 1` a side that shrinks at the borders; two passes of running sums. */
export function boxMean(source: Float32Array, width: number, height: number, radius: number): Float32Array {
  const rows = runningMean(source, width, height, 1, width, radius);
  return runningMean(rows, height, width, width, 1, radius);
}

/** Along lines of `length` samples `step` apart; `lines` of them `stride` apart. */
function runningMean(
  source: Float32Array,
  length: number,
  lines: number,
  step: number,
  stride: number,
  radius: number,
): Float32Array {
  const out = new Float32Array(source.length);
  for (let line = 0; line < lines; line++) {
    const base = line * stride;
    let sum = 0;
    for (let i = 0; i < Math.min(radius, length); i++) sum += source[base + i * step]!;
    for (let i = 0; i < length; i++) {
      if (i + radius < length) sum += source[base + (i + radius) * step]!;
      if (i - radius - 1 >= 0) sum -= source[base + (i - radius - 1) * step]!;
      out[base + i * step] = sum / (Math.min(length, i + radius + 1) - Math.max(0, i - radius));
    }
  }
  return out;
}
