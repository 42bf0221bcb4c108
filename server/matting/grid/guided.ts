import type { Strip } from '../../imaging/picture.ts';
import type { CoarseAlpha } from './coarse-alpha.ts';
import { type Pairs, tabulatePairs } from './resample.ts';

const GRAY = 128;

/** Per coarse pixel: alpha as a linear function of color, `red * R + green * G + blue * B + offset`, interleaved. */
export interface ColorFit {
  width: number;
  height: number;
  data: Float32Array;
}

/** What `upsampleAlpha` needs to follow the colors of the picture. */
export interface Guide {
  fit: ColorFit;
  /** The picture at the size of the result, 8 bits, from top to bottom without a gap. */
  strips: AsyncIterable<Strip> | Iterable<Strip>;
}

export interface FitOptions {
  /** The window has `2 * radius + 1` pixels a side. */
  radius: number;
  /** Variance of color (0..1, squared) below which alpha follows its mean instead of the color. */
  epsilon: number;
}

/**
 * Chosen on 24 portraits with the consensus of real networks; 4 and 8 score nearly the same. A perfect alpha wants a
 * radius of 1; theirs is blurred by several pixels, and a window that reaches beyond the blur sharpens it.
 */
const FIT: FitOptions = { radius: 6, epsilon: 1e-4 };

/**
 * Fits alpha to color in the window around every coarse pixel by ridge regression.
 * He, Sun, Tang, "Guided image filtering", 2013, equations 19 and 20: `a = (Sigma + epsilon I)^-1 cov(color, alpha)`,
 * `b = mean(alpha) - a . mean(color)`; that the fit from few pixels may be applied to many is He, Sun, "Fast guided
 * filter", 2015.
 * Sums over the windows run along, so that the radius costs little; those of colors are whole numbers and stay exact.
 * @param rgb the picture on alpha's grid, 8 bits
 */
export function fitColor(alpha: CoarseAlpha, rgb: Uint8Array, { radius, epsilon }: FitOptions = FIT): ColorFit {
  const { width, height, data } = alpha;
  const out = new Float32Array(4 * width * height);
  // Of each column, what lies in the rows of the window; and of the window itself.
  const columns = new Float64Array(SUMS * width);
  const window = new Float64Array(SUMS);
  for (let y = 0; y < Math.min(radius, height); y++) addRow(columns, alpha, rgb, y, 1);
  for (let y = 0; y < height; y++) {
    if (y + radius < height) addRow(columns, alpha, rgb, y + radius, 1);
    if (y - radius - 1 >= 0) addRow(columns, alpha, rgb, y - radius - 1, -1);
    const rows = Math.min(height - 1, y + radius) - Math.max(0, y - radius) + 1;
    let [clear, solid] = [0, 0];
    for (let x = 0; x < Math.min(radius, width); x++) {
      clear += columns[SUMS * x + CLEAR]!;
      solid += columns[SUMS * x + SOLID]!;
    }
    // Column whose sums the window holds: they run along only where some are wanted.
    let held = -2;
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const enters = x + radius;
      const leaves = x - radius - 1;
      if (enters < width) {
        clear += columns[SUMS * enters + CLEAR]!;
        solid += columns[SUMS * enters + SOLID]!;
      }
      if (leaves >= 0) {
        clear -= columns[SUMS * leaves + CLEAR]!;
        solid -= columns[SUMS * leaves + SOLID]!;
      }
      const first = Math.max(0, x - radius);
      const last = Math.min(width - 1, enters);
      const count = rows * (last - first + 1);
      if (clear === count || solid === count) {
        out[4 * at + 3] = data[at]!;
        continue;
      }
      if (held === x - 1) {
        if (enters < width) addColumn(window, columns, enters, 1);
        if (leaves >= 0) addColumn(window, columns, leaves, -1);
      } else {
        window.fill(0);
        for (let column = first; column <= last; column++) addColumn(window, columns, column, 1);
      }
      held = x;
      solve(window, count, epsilon, out, 4 * at);
    }
  }
  return { width, height, data: out };
}

/** Networks leave a haze of thousandths; a fit to that would cost time and be snapped away. */
const FLAT = 1 / 510;

/** Per window: color (0..255), alpha, their products, and how many samples are clear and solid. */
const SUMS = 15;
const CLEAR = 13;
const SOLID = 14;

function addRow(columns: Float64Array, { width, data }: CoarseAlpha, rgb: Uint8Array, y: number, sign: 1 | -1): void {
  for (let x = 0, i = y * width, j = 3 * i, s = 0; x < width; x++, i++, j += 3, s += SUMS) {
    const red = rgb[j]!;
    const green = rgb[j + 1]!;
    const blue = rgb[j + 2]!;
    const alpha = data[i]!;
    const value = sign * alpha;
    columns[s]! += sign * red;
    columns[s + 1]! += sign * green;
    columns[s + 2]! += sign * blue;
    columns[s + 3]! += value;
    columns[s + 4]! += sign * red * red;
    columns[s + 5]! += sign * red * green;
    columns[s + 6]! += sign * red * blue;
    columns[s + 7]! += sign * green * green;
    columns[s + 8]! += sign * green * blue;
    columns[s + 9]! += sign * blue * blue;
    columns[s + 10]! += red * value;
    columns[s + 11]! += green * value;
    columns[s + 12]! += blue * value;
    if (alpha <= FLAT) columns[s + CLEAR]! += sign;
    else if (alpha >= 1 - FLAT) columns[s + SOLID]! += sign;
  }
}

function addColumn(window: Float64Array, columns: Float64Array, x: number, sign: 1 | -1): void {
  for (let k = 0, s = SUMS * x; k < CLEAR; k++, s++) window[k]! += sign * columns[s]!;
}

/** Writes the four coefficients to `out` from `to` on. */
function solve(window: Float64Array, count: number, epsilon: number, out: Float32Array, to: number): void {
  const n = 1 / count;
  const c = n / 255;
  const c2 = c / 255;
  const r = window[0]! * c;
  const g = window[1]! * c;
  const b = window[2]! * c;
  const a = window[3]! * n;
  // Covariance of the colors plus the ridge, symmetric.
  const c11 = window[4]! * c2 - r * r + epsilon;
  const c12 = window[5]! * c2 - r * g;
  const c13 = window[6]! * c2 - r * b;
  const c22 = window[7]! * c2 - g * g + epsilon;
  const c23 = window[8]! * c2 - g * b;
  const c33 = window[9]! * c2 - b * b + epsilon;
  const v1 = window[10]! * c - r * a;
  const v2 = window[11]! * c - g * a;
  const v3 = window[12]! * c - b * a;
  // Inverse by cofactors; the ridge keeps the determinant above epsilon cubed.
  const m11 = c22 * c33 - c23 * c23;
  const m12 = c13 * c23 - c12 * c33;
  const m13 = c12 * c23 - c13 * c22;
  const m22 = c11 * c33 - c13 * c13;
  const m23 = c12 * c13 - c11 * c23;
  const m33 = c11 * c22 - c12 * c12;
  const scale = 1 / (c11 * m11 + c12 * m12 + c13 * m13);
  const red = (m11 * v1 + m12 * v2 + m13 * v3) * scale;
  const green = (m12 * v1 + m22 * v2 + m23 * v3) * scale;
  const blue = (m13 * v1 + m23 * v2 + m33 * v3) * scale;
  out[to] = red;
  out[to + 1] = green;
  out[to + 2] = blue;
  out[to + 3] = a - red * r - green * g - blue * b;
}

/** Applies a fit to a picture from top to bottom: coefficients bilinear and center-aligned, holding one row of them. */
export class GuidedRows {
  readonly #fit: ColorFit;
  readonly #across: Pairs;
  readonly #down: Pairs;
  /** Coefficients of this row of the picture, for coarse columns up to `#ready`. */
  readonly #row: Float32Array;
  #y = -1;
  #ready = 0;

  /** @param width of the whole picture, like `height` */
  constructor(fit: ColorFit, width: number, height: number) {
    this.#fit = fit;
    this.#across = tabulatePairs(fit.width, width);
    this.#down = tabulatePairs(fit.height, height);
    this.#row = new Float32Array(4 * fit.width);
  }

  /**
   * Alpha of columns `from` to before `to` of row `y`, which must be one of the strip's; within a row from left to right.
   * @param out takes them from its first element on, 0..1
   */
  read({ top, width, channels, data }: Strip, y: number, from: number, to: number, out: Float64Array): void {
    const { first, second, share } = this.#across;
    this.#prepare(y, first[from]!, second[to - 1]!);
    const row = this.#row;
    let pixel = ((y - top) * width + from) * channels;
    for (let x = from; x < to; x++, pixel += channels) {
      const t = share[x]!;
      const s = 1 - t;
      const l = 4 * first[x]!;
      const r = 4 * second[x]!;
      const red = s * row[l]! + t * row[r]!;
      const green = s * row[l + 1]! + t * row[r + 1]!;
      const blue = s * row[l + 2]! + t * row[r + 2]!;
      let color = red * data[pixel]! + green * data[pixel + 1]! + blue * data[pixel + 2]!;
      if (channels === 4) {
        // Over mid-gray, as the picture was shown to the networks and to the fit.
        const gray = GRAY * (red + green + blue);
        color = gray + ((color - gray) * data[pixel + 3]!) / 255;
      }
      const value = color / 255 + s * row[l + 3]! + t * row[r + 3]!;
      out[x - from] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
  }

  /** Most of a row is flat and needs no coefficients. */
  #prepare(y: number, first: number, last: number): void {
    if (y !== this.#y) this.#ready = 0;
    this.#y = y;
    const { width, data } = this.#fit;
    const upper = 4 * width * this.#down.first[y]!;
    const lower = 4 * width * this.#down.second[y]!;
    const t = this.#down.share[y]!;
    const row = this.#row;
    const end = 4 * (last + 1);
    for (let i = 4 * Math.max(first, this.#ready); i < end; i++) {
      row[i] = data[upper + i]! + t * (data[lower + i]! - data[upper + i]!);
    }
    this.#ready = Math.max(this.#ready, last + 1);
  }
}
