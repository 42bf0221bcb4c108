import type { CoarseAlpha } from './coarse-alpha.ts';

/** Four source positions and weights per output sample. */
export interface Taps {
  index: Int32Array;
  weight: Float32Array;
}

/**
 * Positions and Catmull-Rom weights of the four source samples around each of `to` outputs, center-aligned: output x
 * lies at source `(x + 0.5) * from / to - 0.5`, clamped at the border.
 * Keys, "Cubic convolution interpolation for digital image processing", 1981, a = -0.5.
 */
export function tabulateTaps(from: number, to: number): Taps {
  const index = new Int32Array(4 * to);
  const weight = new Float32Array(4 * to);
  for (let x = 0; x < to; x++) {
    const position = ((x + 0.5) * from) / to - 0.5;
    const left = Math.floor(position);
    const t = position - left;
    const t2 = t * t;
    const t3 = t2 * t;
    weight.set([(-t + 2 * t2 - t3) / 2, (2 - 5 * t2 + 3 * t3) / 2, (t + 4 * t2 - 3 * t3) / 2, (t3 - t2) / 2], 4 * x);
    for (let k = 0; k < 4; k++) index[4 * x + k] = Math.min(from - 1, Math.max(0, left - 1 + k));
  }
  return { index, weight };
}

/** Alpha on another grid, unrounded and clamped to 0..1. For grids of similar size: it does not filter when reducing. */
export function resampleAlpha(alpha: CoarseAlpha, width: number, height: number): CoarseAlpha {
  if (alpha.width === width && alpha.height === height) return alpha;
  const { index, weight } = tabulateTaps(alpha.width, width);
  const down = tabulateTaps(alpha.height, height);
  const source = alpha.data;
  const wide = new Float32Array(width * alpha.height);
  for (let y = 0, at = 0; y < alpha.height; y++) {
    const row = y * alpha.width;
    for (let t = 0; t < index.length; t += 4, at++) {
      wide[at] =
        weight[t]! * source[row + index[t]!]! +
        weight[t + 1]! * source[row + index[t + 1]!]! +
        weight[t + 2]! * source[row + index[t + 2]!]! +
        weight[t + 3]! * source[row + index[t + 3]!]!;
    }
  }
  const data = new Float32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const t = 4 * y;
    const r0 = width * down.index[t]!;
    const r1 = width * down.index[t + 1]!;
    const r2 = width * down.index[t + 2]!;
    const r3 = width * down.index[t + 3]!;
    const w0 = down.weight[t]!;
    const w1 = down.weight[t + 1]!;
    const w2 = down.weight[t + 2]!;
    const w3 = down.weight[t + 3]!;
    for (let x = 0; x < width; x++, at++) {
      const value = w0 * wide[r0 + x]! + w1 * wide[r1 + x]! + w2 * wide[r2 + x]! + w3 * wide[r3 + x]!;
      data[at] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
  }
  return { width, height, data };
}

/** Of each output the two source samples around it, and how far it lies towards the second. */
export interface Pairs {
  first: Int32Array;
  second: Int32Array;
  share: Float64Array;
}

/** For bilinear enlarging from `from` to `to` samples, center-aligned and clamped at the border. */
export function tabulatePairs(from: number, to: number): Pairs {
  const pairs = { first: new Int32Array(to), second: new Int32Array(to), share: new Float64Array(to) };
  for (let at = 0; at < to; at++) {
    const position = Math.min(from - 1, Math.max(0, ((at + 0.5) * from) / to - 0.5));
    const first = Math.floor(position);
    pairs.first[at] = first;
    pairs.second[at] = Math.min(from - 1, first + 1);
    pairs.share[at] = position - first;
  }
  return pairs;
}
