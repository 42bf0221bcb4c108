import type { Depth } from '../../protocol/matte.ts';
import type { AlphaPlane } from '../imaging/picture.ts';
import type { CoarseAlpha } from './coarse-alpha.ts';
import { type Guide, GuidedRows } from './guided.ts';
import { Pace } from './pace.ts';
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

/** Coarse rows at full width, with the kind (soft, clear, solid) of every block of columns. */
interface WideRows {
  data: Float32Array;
  kinds: Uint8Array;
  blocks: number;
}

/**
 * Enlarges (or reduces) alpha to `width` x `height` with a centre-aligned Catmull-Rom spline, snaps and rounds once.
 * Centre-aligned: output sample x lies at source `(x + 0.5) * source / target - 0.5`, clamped at the border.
 * Separable; holds the coarse rows at full width, one strip of the guide and the result.
 * With a guide, soft blocks follow the colours of the picture instead of the spline; flat ones need neither.
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
  const rows = stretchRows(coarse, width);
  const taps = tabulateTaps(coarse.height, height);
  const data = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  const pace = new Pace(signal);
  const write = async (top: number, bottom: number, guided?: GuidedRows) => {
    for (let y = top; y < bottom; y++) {
      mixRow(rows, taps, y, data.subarray(y * width, (y + 1) * width), guided);
      await pace.step();
    }
  };
  if (!guide) await write(0, height);
  else {
    for await (const strip of guide.strips) {
      await write(strip.top, strip.top + strip.height, new GuidedRows(guide.fit, strip, height));
    }
  }
  return { width, height, data };
}

/** Writes output row `y` from its four wide rows; `out` starts as zeros. */
function mixRow(
  { data: wide, kinds, blocks }: WideRows,
  taps: Taps,
  y: number,
  out: Uint8Array | Uint16Array,
  guided: GuidedRows | undefined,
): void {
  const width = out.length;
  const max = out instanceof Uint16Array ? 65535 : 255;
  // Integer arrays truncate, so 0.5 rounds; the gain carries the snap's stretch and the sample range in one step.
  const gain = max / (1 - 2 * SNAP);
  const bias = 0.5 - SNAP * gain;
  const t = 4 * y;
  const [y0, y1, y2, y3] = [taps.index[t]!, taps.index[t + 1]!, taps.index[t + 2]!, taps.index[t + 3]!];
  const [r0, r1, r2, r3] = [y0 * width, y1 * width, y2 * width, y3 * width];
  const w0 = taps.weight[t]! * gain;
  const w1 = taps.weight[t + 1]! * gain;
  const w2 = taps.weight[t + 2]! * gain;
  const w3 = taps.weight[t + 3]! * gain;
  guided?.moveTo(y);
  for (let block = 0; block < blocks; block++) {
    const from = block * BLOCK;
    const to = Math.min(width, from + BLOCK);
    const kind = kinds[y1 * blocks + block]!;
    const flat =
      kind !== SOFT &&
      kind === kinds[y0 * blocks + block] &&
      kind === kinds[y2 * blocks + block] &&
      kind === kinds[y3 * blocks + block];
    if (flat) {
      if (kind === SOLID) out.fill(max, from, to);
      continue;
    }
    for (let x = from; x < to; x++) {
      const value = guided
        ? guided.read(x, y) * gain + bias
        : w0 * wide[r0 + x]! + w1 * wide[r1 + x]! + w2 * wide[r2 + x]! + w3 * wide[r3 + x]! + bias;
      out[x] = value <= 0 ? 0 : value >= max ? max : value;
    }
  }
}

function stretchRows({ width: from, height, data }: CoarseAlpha, to: number): WideRows {
  const { index, weight } = tabulateTaps(from, to);
  const blocks = Math.ceil(to / BLOCK);
  const wide = new Float32Array(to * height);
  const kinds = new Uint8Array(blocks * height);
  for (let y = 0; y < height; y++) {
    const row = y * from;
    const base = y * to;
    for (let block = 0; block < blocks; block++) {
      const first = block * BLOCK;
      const last = Math.min(to, first + BLOCK);
      const kind = judge(data, row + index[4 * first]!, row + index[4 * last - 1]!);
      kinds[y * blocks + block] = kind;
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
  return { data: wide, kinds, blocks };
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
