import type { CoarseAlpha } from './coarse-alpha.ts';

/** Four source positions and weights per output sample. */
export interface Taps {
  index: Int32Array;
  weight: Float32Array;
}

/**
 * Positions and Catmull-Rom weights of the four source samples around each of `to` outputs, centre-aligned: output x
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
  const across = tabulateTaps(alpha.width, width);
  const down = tabulateTaps(alpha.height, height);
  const wide = new Float32Array(width * alpha.height);
  for (let y = 0; y < alpha.height; y++) {
    const row = y * alpha.width;
    for (let x = 0; x < width; x++) wide[y * width + x] = mix(alpha.data, across, x, row, 1);
  }
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data[y * width + x] = Math.min(1, Math.max(0, mix(wide, down, y, x, width)));
  }
  return { width, height, data };
}

function mix(data: Float32Array, { index, weight }: Taps, at: number, offset: number, step: number): number {
  const t = 4 * at;
  return (
    weight[t]! * data[offset + index[t]! * step]! +
    weight[t + 1]! * data[offset + index[t + 1]! * step]! +
    weight[t + 2]! * data[offset + index[t + 2]! * step]! +
    weight[t + 3]! * data[offset + index[t + 3]! * step]!
  );
}

/** The two samples of `from` around output sample `at` of `to`, and how far it lies towards the second. */
export function between(at: number, from: number, to: number): [number, number, number] {
  const position = Math.min(from - 1, Math.max(0, ((at + 0.5) * from) / to - 0.5));
  const first = Math.floor(position);
  return [first, Math.min(from - 1, first + 1), position - first];
}
