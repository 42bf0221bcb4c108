import type { Depth } from '../../../protocol/matte.ts';
import type { AlphaPlane } from '../../imaging/picture.ts';
import { Pace } from '../yield-often.ts';
import type { CoarseAlpha } from './coarse-alpha.ts';
import { type Guide, GuidedRows } from './guided.ts';
import { type Taps, tabulateTaps } from './resample.ts';

/**
 * Networks rarely reach 0 and 1: BSHM paints solid areas at 254 of 255. Values within one 8-bit step of either end are
 * snapped to it and the rest is stretched to stay continuous.
 */
const SNAP = 1 / 255;

/** Columns judged together: most of a matte is flat, and flat blocks need no arithmetic. */
const BLOCK = 32;
const SOFT = 0;
const CLEAR = 1;
const SOLID = 2;

/**
 * Blocks whose samples are this close to 0 or 1 stay inside the snap whatever the spline makes of them: the absolute
 * weights of Catmull-Rom add up to at most 1.25 per direction. Skipping them changes no output sample.
 */
const FLAT = SNAP / 1.25 ** 2;

/** The kind (soft, clear, solid) of every block of columns in every coarse row. */
interface Kinds {
  data: Uint8Array;
  blocks: number;
}

/** Fills `values` with alpha of columns `from` to before `to` of row `y`, unrounded, from its first element on. */
type ReadBlock = (y: number, from: number, to: number, values: Float64Array) => void;

/**
 * Enlarges (or reduces) alpha to `width` x `height` with a center-aligned Catmull-Rom spline, snaps and rounds once.
 * Center-aligned: output sample x lies at source `(x + 0.5) * source / target - 0.5`, clamped at the border.
 * Separable; holds the coarse rows at full width and the result.
 * With a guide, soft blocks follow the colors of the picture instead of the spline, and one strip of it is held instead
 * of the rows; flat blocks need neither.
 * Keys, "Cubic convolution interpolation for digital image processing", 1981, a = -0.5.
 */
export async function upsampleAlpha(
  coarse: CoarseAlpha,
  width: number,
  height: number,
  depth: Depth,
  guide?: Guide,
  signal?: AbortSignal,
): Promise<AlphaPlane> {
  const across = tabulateTaps(coarse.width, width);
  const down = tabulateTaps(coarse.height, height);
  const kinds = judgeBlocks(coarse, across, width);
  const data = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  const pace = new Pace(signal);
  const write = async (top: number, bottom: number, read: ReadBlock) => {
    for (let y = top; y < bottom; y++) {
      writeRow(kinds, down, y, data.subarray(y * width, (y + 1) * width), read);
      await pace.step();
    }
  };
  if (!guide) await write(0, height, splineReader(stretchRows(coarse, across, width, kinds), down, width));
  else {
    const rows = new GuidedRows(guide.fit, width, height);
    for await (const strip of guide.strips) {
      await write(strip.top, strip.top + strip.height, (y, from, to, values) => rows.read(strip, y, from, to, values));
    }
  }
  return { width, height, data };
}

/** One block on its way; rows are written without a pause, so one place is enough for all. */
const values = new Float64Array(BLOCK);

/** Writes output row `y`; `out` starts as zeros. */
function writeRow(
  { data: kinds, blocks }: Kinds,
  down: Taps,
  y: number,
  out: AlphaPlane['data'],
  read: ReadBlock,
): void {
  const width = out.length;
  const max = out instanceof Uint16Array ? 65535 : 255;
  // Integer arrays truncate, so 0.5 rounds; the gain carries the snap's stretch and the sample range in one step.
  const gain = max / (1 - 2 * SNAP);
  const bias = 0.5 - SNAP * gain;
  const t = 4 * y;
  const k0 = down.index[t]! * blocks;
  const k1 = down.index[t + 1]! * blocks;
  const k2 = down.index[t + 2]! * blocks;
  const k3 = down.index[t + 3]! * blocks;
  let solidFrom = -1;
  for (let block = 0; block < blocks; block++) {
    const from = block * BLOCK;
    const kind = kinds[k1 + block]!;
    const flat =
      kind !== SOFT && kind === kinds[k0 + block] && kind === kinds[k2 + block] && kind === kinds[k3 + block];
    if (flat && kind === SOLID) {
      if (solidFrom < 0) solidFrom = from;
      continue;
    }
    if (solidFrom >= 0) out.fill(max, solidFrom, from);
    solidFrom = -1;
    if (flat) continue;
    const to = Math.min(width, from + BLOCK);
    read(y, from, to, values);
    for (let x = from; x < to; x++) {
      const value = values[x - from]! * gain + bias;
      out[x] = value <= 0 ? 0 : value >= max ? max : value;
    }
  }
  if (solidFrom >= 0) out.fill(max, solidFrom);
}

/** Mixes four rows of the coarse alpha at full width. */
function splineReader(wide: Float32Array, { index, weight }: Taps, width: number): ReadBlock {
  return (y, from, to, values) => {
    const t = 4 * y;
    const r0 = index[t]! * width;
    const r1 = index[t + 1]! * width;
    const r2 = index[t + 2]! * width;
    const r3 = index[t + 3]! * width;
    const w0 = weight[t]!;
    const w1 = weight[t + 1]!;
    const w2 = weight[t + 2]!;
    const w3 = weight[t + 3]!;
    for (let x = from; x < to; x++) {
      values[x - from] = w0 * wide[r0 + x]! + w1 * wide[r1 + x]! + w2 * wide[r2 + x]! + w3 * wide[r3 + x]!;
    }
  };
}

/** Coarse rows at full width; clear blocks stay 0. */
function stretchRows(
  { width: from, height, data }: CoarseAlpha,
  { index, weight }: Taps,
  to: number,
  { data: kinds, blocks }: Kinds,
): Float32Array {
  const wide = new Float32Array(to * height);
  for (let y = 0; y < height; y++) {
    const row = y * from;
    const base = y * to;
    for (let block = 0; block < blocks; block++) {
      const first = block * BLOCK;
      const last = Math.min(to, first + BLOCK);
      const kind = kinds[y * blocks + block];
      if (kind === SOLID) wide.fill(1, base + first, base + last);
      if (kind !== SOFT) continue;
      for (let x = first, t = 4 * first; x < last; x++, t += 4) {
        wide[base + x] =
          weight[t]! * data[row + index[t]!]! +
          weight[t + 1]! * data[row + index[t + 1]!]! +
          weight[t + 2]! * data[row + index[t + 2]!]! +
          weight[t + 3]! * data[row + index[t + 3]!]!;
      }
    }
  }
  return wide;
}

function judgeBlocks({ width: from, height, data }: CoarseAlpha, { index }: Taps, to: number): Kinds {
  const blocks = Math.ceil(to / BLOCK);
  const kinds = new Uint8Array(blocks * height);
  for (let y = 0; y < height; y++) {
    const row = y * from;
    for (let block = 0; block < blocks; block++) {
      const last = Math.min(to, (block + 1) * BLOCK);
      kinds[y * blocks + block] = judge(data, row + index[4 * block * BLOCK]!, row + index[4 * last - 1]!);
    }
  }
  return { data: kinds, blocks };
}

/** The kind of the samples `first` to `last`, both included. */
function judge(data: Float32Array, first: number, last: number): typeof SOFT | typeof CLEAR | typeof SOLID {
  const solid = data[first]! > 0.5;
  for (let i = first; i <= last; i++) {
    const value = data[i]!;
    if (solid ? value < 1 - FLAT : value > FLAT) return SOFT;
  }
  return solid ? SOLID : CLEAR;
}
