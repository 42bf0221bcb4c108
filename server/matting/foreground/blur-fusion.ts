import type { AlphaPlane, Raster, Strip } from '../../imaging/picture.ts';
import type { Pace } from '../yield-often.ts';
import { activeTiles, type Bounds, CELL, type Cells } from './cells.ts';
import type { Painter } from './painter.ts';
import { VALUES, wideMeans } from './wide-means.ts';

/** Side of the tiles worked on at a time: small enough for the processor's cache, and few soft edges are wider. */
const TILE = 64;

/** Box width of the second pass, in pixels. */
const NARROW = 6;
const HALO = NARROW / 2;

/** What a mean falls back to where nothing weighs in: the picture's own color in the first pass, the first pass's in the
 *  second. The published method divides by this and ends in black. */
const EPSILON = 1e-5;

/**
 * Blur fusion in two passes (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021): a pixel takes the
 * color that, mixed with the blurred background, explains what the camera saw,
 * F' = clip(Fb + a (I - a Fb - (1 - a) Bb)), where Fb and Bb are alpha-weighted means of the surroundings; first over
 * about 90 pixels, then over 6 with the first pass's F'.
 */
export async function blurFusion(picture: Raster, alpha: AlphaPlane, cells: Cells, pace: Pace): Promise<Painter> {
  const means = wideMeans(picture, alpha, cells);
  const scratch = new Scratch();
  return async (strip) => {
    for (const tile of activeTiles(cells, picture, strip, TILE)) {
      firstPass(picture, alpha, tile, means, cells, scratch);
      secondPass(picture, alpha, tile, cells, scratch, strip);
      await pace.step();
    }
  };
}

const SIDE = TILE + 2 * HALO;

/** Reused by every tile. Planes: alpha, then F a of three channels, then B (1 - a) of three channels. */
class Scratch {
  readonly planes = Array.from({ length: VALUES }, () => new Float32Array(SIDE * SIDE));
  readonly sums = Array.from({ length: VALUES }, () => new Float32Array(SIDE * SIDE));
  /** F of the first pass. */
  readonly fronts = Array.from({ length: 3 }, () => new Float32Array(SIDE * SIDE));
  /** Cell means of one pixel row. */
  readonly line = new Float32Array((SIDE / CELL + 3) * VALUES);
}

function around({ left, top, right, bottom }: Bounds, width: number, height: number): Bounds {
  return {
    left: Math.max(0, left - HALO),
    top: Math.max(0, top - HALO),
    right: Math.min(width, right + HALO),
    bottom: Math.min(height, bottom + HALO),
  };
}

/** Fills the planes of `scratch` for the tile and its halo. */
function firstPass(
  { width, height, channels, data }: Raster,
  alpha: AlphaPlane,
  tile: Bounds,
  means: Float32Array,
  { columns, rows }: Cells,
  { planes, fronts, line }: Scratch,
): void {
  const { left, top, right, bottom } = around(tile, width, height);
  const unit = 1 / (data instanceof Uint16Array ? 65535 : 255);
  const solid = 1 / (alpha.data instanceof Uint16Array ? 65535 : 255);
  const [pa, pf0, pf1, pf2, pb0, pb1, pb2] = planes as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [front0, front1, front2] = fronts as [Float32Array, Float32Array, Float32Array];
  const first = Math.max(0, Math.floor((left + 0.5) / CELL - 0.5));
  const last = Math.min(columns - 1, Math.floor((right - 0.5) / CELL - 0.5) + 1);
  for (let y = top; y < bottom; y++) {
    const v = (y + 0.5) / CELL - 0.5;
    const upper = Math.max(0, Math.floor(v));
    const lower = Math.min(rows - 1, Math.floor(v) + 1);
    const tv = v - Math.floor(v);
    for (let i = first * VALUES, j = 0; i < (last + 1) * VALUES; i++, j++) {
      const m = means[upper * columns * VALUES + i]!;
      line[j] = m + tv * (means[lower * columns * VALUES + i]! - m);
    }
    for (let x = left, i = (y - top) * SIDE; x < right; x++, i++) {
      const u = (x + 0.5) / CELL - 0.5;
      const cell = Math.floor(u);
      const t = u - cell;
      const p = (Math.max(first, cell) - first) * VALUES;
      const q = (Math.min(last, cell + 1) - first) * VALUES;
      const a = alpha.data[y * width + x]! * solid;
      const b = 1 - a;
      const mean = line[p]! + t * (line[q]! - line[p]!);
      const front = 1 / (mean + EPSILON);
      const back = 1 / (1 - mean + EPSILON);
      const s = (y * width + x) * channels;
      const i0 = data[s]! * unit;
      const i1 = data[s + 1]! * unit;
      const i2 = data[s + 2]! * unit;
      const f0 = (line[p + 1]! + t * (line[q + 1]! - line[p + 1]!) + EPSILON * i0) * front;
      const f1 = (line[p + 2]! + t * (line[q + 2]! - line[p + 2]!) + EPSILON * i1) * front;
      const f2 = (line[p + 3]! + t * (line[q + 3]! - line[p + 3]!) + EPSILON * i2) * front;
      const b0 = (line[p + 4]! + t * (line[q + 4]! - line[p + 4]!)) * back;
      const b1 = (line[p + 5]! + t * (line[q + 5]! - line[p + 5]!)) * back;
      const b2 = (line[p + 6]! + t * (line[q + 6]! - line[p + 6]!)) * back;
      pa[i] = a;
      front0[i] = explain(f0, b0, a, i0);
      pf0[i] = a * front0[i]!;
      front1[i] = explain(f1, b1, a, i1);
      pf1[i] = a * front1[i]!;
      front2[i] = explain(f2, b2, a, i2);
      pf2[i] = a * front2[i]!;
      pb0[i] = b * b0;
      pb1[i] = b * b1;
      pb2[i] = b * b2;
    }
  }
}

function explain(front: number, back: number, alpha: number, seen: number): number {
  const value = front + alpha * (seen - alpha * front - (1 - alpha) * back);
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

function secondPass(
  { width, height, channels, data }: Raster,
  alpha: AlphaPlane,
  tile: Bounds,
  { columns, active }: Cells,
  { planes, sums, fronts }: Scratch,
  out: Strip,
): void {
  const region = around(tile, width, height);
  for (let k = 0; k < VALUES; k++) boxSums(planes[k]!, sums[k]!, region);
  const max = data instanceof Uint16Array ? 65535 : 255;
  const solid = alpha.data instanceof Uint16Array ? 65535 : 255;
  const opacities = sums[0]!;
  const before = out.top * width;
  for (let y = tile.top; y < tile.bottom; y++) {
    const down = Math.min(height, y + HALO) - Math.max(0, y - HALO);
    for (let x = tile.left; x < tile.right; x++) {
      if (active[(y >> 3) * columns + (x >> 3)] === 0) continue;
      const pixel = y * width + x;
      const opacity = alpha.data[pixel]!;
      if (opacity === solid) continue;
      const a = opacity / solid;
      const i = (y - region.top) * SIDE + x - region.left;
      const count = down * (Math.min(width, x + HALO) - Math.max(0, x - HALO));
      const weak = count * EPSILON;
      const front = 1 / (opacities[i]! + weak);
      const back = 1 / (count - opacities[i]! + weak);
      for (let c = 0; c < 3; c++) {
        const f = (sums[1 + c]![i]! + weak * fronts[c]![i]!) * front;
        const b = sums[4 + c]![i]! * back;
        out.data[4 * (pixel - before) + c] = explain(f, b, a, data[pixel * channels + c]! / max) * max + 0.5;
      }
    }
  }
}

/** Sums over NARROW x NARROW pixels from `x - HALO` to `x + HALO - 1`, as far as they lie in the region. */
function boxSums(source: Float32Array, out: Float32Array, { left, top, right, bottom }: Bounds): void {
  const columns = right - left;
  const rows = bottom - top;
  const column = new Float64Array(columns);
  for (let y = 0; y < Math.min(HALO, rows); y++) for (let x = 0; x < columns; x++) column[x]! += source[y * SIDE + x]!;
  for (let y = 0; y < rows; y++) {
    const enters = (y + HALO - 1) * SIDE;
    const leaves = (y - HALO - 1) * SIDE;
    if (y > 0 && y + HALO - 1 < rows) for (let x = 0; x < columns; x++) column[x]! += source[enters + x]!;
    if (leaves >= 0) for (let x = 0; x < columns; x++) column[x]! -= source[leaves + x]!;
    let sum = 0;
    for (let x = 0; x < Math.min(HALO, columns); x++) sum += column[x]!;
    for (let x = 0, i = y * SIDE; x < columns; x++, i++) {
      if (x > 0 && x + HALO - 1 < columns) sum += column[x + HALO - 1]!;
      if (x - HALO - 1 >= 0) sum -= column[x - HALO - 1]!;
      out[i] = sum;
    }
  }
}
