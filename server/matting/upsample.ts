import type { Depth } from '../../protocol/matte.ts';
import type { AlphaPlane } from '../imaging/picture.ts';
import type { CoarseAlpha } from './coarse-alpha.ts';

/**
 * Networks rarely reach 0 and 1: BSHM paints solid areas at 254 of 255. Values within one 8-bit step of either end are
 * snapped to it and the rest is stretched to stay continuous.
 */
const SNAP = 1 / 255;

/** Rows between two breaths of the event loop: `/health` keeps answering while a big picture is written. */
const ROWS_PER_TURN = 256;

interface Taps {
  /** Four source positions per output sample. */
  index: Int32Array;
  weight: Float32Array;
}

/**
 * Enlarges (or reduces) alpha to `width` x `height` with a centre-aligned Catmull-Rom spline, snaps and rounds once.
 * Centre-aligned: output sample x lies at source `(x + 0.5) * source / target - 0.5`, clamped at the border.
 * Separable; holds the coarse rows at full width and one output row.
 * Keys, "Cubic convolution interpolation for digital image processing", 1981, a = -0.5.
 */
export async function upsampleAlpha(
  coarse: CoarseAlpha,
  width: number,
  height: number,
  depth: Depth,
): Promise<AlphaPlane> {
  const wide = stretchRows(coarse, width);
  const taps = tabulateTaps(coarse.height, height);
  const max = depth === 16 ? 65535 : 255;
  const data = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  // `x + 0.5 | 0` rounds; the multiplier carries the snap's stretch and the sample range in one step.
  const gain = max / (1 - 2 * SNAP);
  const bias = 0.5 - SNAP * gain;
  for (let y = 0; y < height; y++) {
    if (y > 0 && y % ROWS_PER_TURN === 0) await new Promise(setImmediate);
    const [w0, w1, w2, w3] = taps.weight.subarray(4 * y, 4 * y + 4) as unknown as [number, number, number, number];
    const [r0, r1, r2, r3] = Array.from(taps.index.subarray(4 * y, 4 * y + 4), (row) => row * width) as [
      number,
      number,
      number,
      number,
    ];
    const base = y * width;
    for (let x = 0; x < width; x++) {
      const value = (w0 * wide[r0 + x]! + w1 * wide[r1 + x]! + w2 * wide[r2 + x]! + w3 * wide[r3 + x]!) * gain + bias;
      data[base + x] = value <= 0 ? 0 : value >= max ? max : value;
    }
  }
  return { width, height, data };
}

function stretchRows({ width: from, height, data }: CoarseAlpha, to: number): Float32Array {
  const { index, weight } = tabulateTaps(from, to);
  const wide = new Float32Array(to * height);
  for (let y = 0; y < height; y++) {
    const row = y * from;
    const base = y * to;
    for (let x = 0, t = 0; x < to; x++, t += 4) {
      wide[base + x] =
        weight[t]! * data[row + index[t]!]! +
        weight[t + 1]! * data[row + index[t + 1]!]! +
        weight[t + 2]! * data[row + index[t + 2]!]! +
        weight[t + 3]! * data[row + index[t + 3]!]!;
    }
  }
  return wide;
}

/** Positions and Catmull-Rom weights of the four source samples around each of `to` outputs. */
function tabulateTaps(from: number, to: number): Taps {
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
