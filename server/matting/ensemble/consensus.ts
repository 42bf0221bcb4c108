import type { CoarseAlpha } from '../grid/coarse-alpha.ts';

/** Neighborhood in which an opinion is judged, and how fast trust falls with its mean distance from the majority. */
const RADIUS = 80;
const TRUST = 0.02;

/**
 * One alpha out of three or more opinions on the same grid.
 *
 * Where networks disagree, one is usually badly wrong: it lost a torso or kept a chair. The median per pixel follows
 * the majority and so decides what belongs to the person, but it is a patchwork at the edges. There, hair comes from
 * the network that agrees with the median locally: each of the `edges` opinions, which draw hair best, is weighted by
 * its closeness to the median around the pixel (`exp(-mean distance / 0.02)`), and the result is their weighted mean.
 * It has the clean strands of a network that is right about the person, and nothing of one that is not.
 *
 * `npm run bench:quality` measures it; either constant may be doubled, and the neighborhood halved, without much
 * change.
 */
export function findConsensus(opinions: readonly CoarseAlpha[], edges: readonly number[]): CoarseAlpha {
  const { width, height } = opinions[0]!;
  const majority = medianOf(opinions.map(({ data }) => data));
  const sum = new Float32Array(majority.length);
  const weights = new Float32Array(majority.length);
  for (const edge of edges) {
    const { data } = opinions[edge]!;
    const apart = new Float32Array(data.length);
    for (let i = 0; i < apart.length; i++) apart[i] = Math.abs(data[i]! - majority[i]!);
    const distance = boxMean(apart, width, height, RADIUS);
    for (let i = 0; i < sum.length; i++) {
      // Never zero: the weights must have a positive sum even if all are far from the majority.
      const weight = Math.exp(-distance[i]! / TRUST) + 1e-6;
      sum[i]! += weight * data[i]!;
      weights[i]! += weight;
    }
  }
  for (let i = 0; i < sum.length; i++) sum[i]! /= weights[i]!;
  return { width, height, data: sum };
}

function medianOf(planes: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(planes[0]!.length);
  const count = planes.length;
  const middle = count >> 1;
  const values = new Float32Array(count);
  for (let i = 0; i < out.length; i++) {
    // Few values: sorting them in by hand takes a fraction of what a call of `sort` does.
    for (let k = 0; k < count; k++) {
      const value = planes[k]![i]!;
      let at = k;
      for (; at > 0 && values[at - 1]! > value; at--) values[at] = values[at - 1]!;
      values[at] = value;
    }
    out[i] = count % 2 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
  }
  return out;
}

/** Mean over a window of `2 * radius + 1` a side that shrinks at the borders; two passes of running sums. */
export function boxMean(source: Float32Array, width: number, height: number, radius: number): Float32Array {
  const rows = new Float32Array(source.length);
  for (let y = 0; y < height; y++) {
    const base = y * width;
    let sum = 0;
    for (let x = 0; x < Math.min(radius, width); x++) sum += source[base + x]!;
    for (let x = 0; x < width; x++) {
      if (x + radius < width) sum += source[base + x + radius]!;
      if (x - radius - 1 >= 0) sum -= source[base + x - radius - 1]!;
      rows[base + x] = sum / (Math.min(width, x + radius + 1) - Math.max(0, x - radius));
    }
  }
  // All columns side by side, because walking down one of them misses the processor's cache at every step.
  const sums = new Float64Array(width);
  const out = new Float32Array(source.length);
  for (let y = 0; y < Math.min(radius, height); y++) {
    for (let x = 0; x < width; x++) sums[x]! += rows[y * width + x]!;
  }
  for (let y = 0; y < height; y++) {
    const enters = (y + radius) * width;
    const leaves = (y - radius - 1) * width;
    if (y + radius < height) for (let x = 0; x < width; x++) sums[x]! += rows[enters + x]!;
    if (leaves >= 0) for (let x = 0; x < width; x++) sums[x]! -= rows[leaves + x]!;
    const count = Math.min(height, y + radius + 1) - Math.max(0, y - radius);
    for (let x = 0; x < width; x++) out[y * width + x] = sums[x]! / count;
  }
  return out;
}
