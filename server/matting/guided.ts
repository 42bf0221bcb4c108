import type { Strip } from '../imaging/picture.ts';
import type { CoarseAlpha } from './coarse-alpha.ts';

const GREY = 128;

/** Per coarse pixel: alpha as a linear function of colour, `red * R + green * G + blue * B + offset`, interleaved. */
export interface ColourFit {
  width: number;
  height: number;
  data: Float32Array;
}

/** What `upsampleAlpha` needs to follow the colours of the picture. */
export interface Guide {
  fit: ColourFit;
  /** The picture at the size of the result, 8 bits, from top to bottom without a gap. */
  strips: AsyncIterable<Strip> | Iterable<Strip>;
}

export interface FitOptions {
  /** The window has `2 * radius + 1` pixels a side. */
  radius: number;
  /** Variance of colour (0..1, squared) below which alpha follows its mean instead of the colour. */
  epsilon: number;
}

/**
 * Chosen on 24 portraits with the consensus of real networks; 4 and 8 score nearly the same. A perfect alpha wants a
 * radius of 1; theirs is blurred by several pixels, and a window that reaches beyond the blur sharpens it.
 */
const FIT: FitOptions = { radius: 6, epsilon: 1e-4 };

/**
 * Fits alpha to colour in the window around every coarse pixel by ridge regression.
 * He, Sun, Tang, "Guided image filtering", 2013, equations 19 and 20: `a = (Sigma + epsilon I)^-1 cov(colour, alpha)`,
 * `b = mean(alpha) - a . mean(colour)`; that the fit from few pixels may be applied to many is He, Sun, "Fast guided
 * filter", 2015.
 * Sums over the windows run along, so that the radius costs nothing.
 * @param rgb the picture on alpha's grid, 8 bits
 */
export function fitColour(alpha: CoarseAlpha, rgb: Uint8Array, { radius, epsilon }: FitOptions = FIT): ColourFit {
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
    window.fill(0);
    for (let x = 0; x < Math.min(radius, width); x++) addColumn(window, columns, x, 1);
    for (let x = 0; x < width; x++) {
      if (x + radius < width) addColumn(window, columns, x + radius, 1);
      if (x - radius - 1 >= 0) addColumn(window, columns, x - radius - 1, -1);
      const count = rows * (Math.min(width - 1, x + radius) - Math.max(0, x - radius) + 1);
      const at = y * width + x;
      if (window[CLEAR] === count || window[SOLID] === count) out[4 * at + 3] = data[at]!;
      else solve(window, count, epsilon, out.subarray(4 * at, 4 * at + 4));
    }
  }
  return { width, height, data: out };
}

/** Networks leave a haze of thousandths; a fit to that would cost time and be snapped away. */
const FLAT = 1 / 510;

/** Per window: colour, alpha, their products, and how many samples are clear and solid. */
const SUMS = 15;
const CLEAR = 13;
const SOLID = 14;

function addRow(columns: Float64Array, { width, data }: CoarseAlpha, rgb: Uint8Array, y: number, sign: 1 | -1): void {
  for (let x = 0, i = y * width, s = 0; x < width; x++, i++, s += SUMS) {
    const [red, green, blue, value] = [rgb[3 * i]! / 255, rgb[3 * i + 1]! / 255, rgb[3 * i + 2]! / 255, data[i]!];
    columns[s]! += sign * red;
    columns[s + 1]! += sign * green;
    columns[s + 2]! += sign * blue;
    columns[s + 3]! += sign * value;
    columns[s + 4]! += sign * red * red;
    columns[s + 5]! += sign * red * green;
    columns[s + 6]! += sign * red * blue;
    columns[s + 7]! += sign * green * green;
    columns[s + 8]! += sign * green * blue;
    columns[s + 9]! += sign * blue * blue;
    columns[s + 10]! += sign * red * value;
    columns[s + 11]! += sign * green * value;
    columns[s + 12]! += sign * blue * value;
    if (value <= FLAT) columns[s + CLEAR]! += sign;
    else if (value >= 1 - FLAT) columns[s + SOLID]! += sign;
  }
}

function addColumn(window: Float64Array, columns: Float64Array, x: number, sign: 1 | -1): void {
  for (let k = 0; k < SUMS; k++) window[k]! += sign * columns[SUMS * x + k]!;
}

function solve(window: Float64Array, count: number, epsilon: number, out: Float32Array): void {
  const n = 1 / count;
  const [r, g, b, a] = [window[0]! * n, window[1]! * n, window[2]! * n, window[3]! * n];
  // Covariance of the colours plus the ridge, symmetric.
  const c11 = window[4]! * n - r * r + epsilon;
  const c12 = window[5]! * n - r * g;
  const c13 = window[6]! * n - r * b;
  const c22 = window[7]! * n - g * g + epsilon;
  const c23 = window[8]! * n - g * b;
  const c33 = window[9]! * n - b * b + epsilon;
  const [v1, v2, v3] = [window[10]! * n - r * a, window[11]! * n - g * a, window[12]! * n - b * a];
  // Inverse by cofactors; the ridge keeps the determinant above epsilon cubed.
  const [m11, m12, m13] = [c22 * c33 - c23 * c23, c13 * c23 - c12 * c33, c12 * c23 - c13 * c22];
  const [m22, m23, m33] = [c11 * c33 - c13 * c13, c12 * c13 - c11 * c23, c11 * c22 - c12 * c12];
  const scale = 1 / (c11 * m11 + c12 * m12 + c13 * m13);
  const red = (m11 * v1 + m12 * v2 + m13 * v3) * scale;
  const green = (m12 * v1 + m22 * v2 + m23 * v3) * scale;
  const blue = (m13 * v1 + m23 * v2 + m33 * v3) * scale;
  out[0] = red;
  out[1] = green;
  out[2] = blue;
  out[3] = a - red * r - green * g - blue * b;
}

/** Applies a fit to the rows of a strip: coefficients bilinear and centre-aligned, holding one row of them. */
export class GuidedRows {
  readonly #fit: ColourFit;
  readonly #height: number;
  readonly #strip: Strip;
  readonly #row: Float32Array;

  /** @param height of the whole picture */
  constructor(fit: ColourFit, strip: Strip, height: number) {
    this.#fit = fit;
    this.#strip = strip;
    this.#height = height;
    this.#row = new Float32Array(4 * fit.width);
  }

  /** To be called before `read` of that output row, which must be one of the strip's. */
  moveTo(y: number): void {
    const { width, height, data } = this.#fit;
    const [above, below, t] = neighbours(y, height, this.#height);
    const [upper, lower] = [above * width * 4, below * width * 4];
    for (let i = 0; i < this.#row.length; i++) {
      this.#row[i] = data[upper + i]! + t * (data[lower + i]! - data[upper + i]!);
    }
  }

  /** Alpha at column `x` of row `y`, 0..1. */
  read(x: number, y: number): number {
    const { width: full, channels, data, top } = this.#strip;
    const [left, right, t] = neighbours(x, this.#fit.width, full);
    const row = this.#row;
    const [l, r, s] = [4 * left, 4 * right, 1 - t];
    const pixel = ((y - top) * full + x) * channels;
    const red = s * row[l]! + t * row[r]!;
    const green = s * row[l + 1]! + t * row[r + 1]!;
    const blue = s * row[l + 2]! + t * row[r + 2]!;
    let colour = red * data[pixel]! + green * data[pixel + 1]! + blue * data[pixel + 2]!;
    if (channels === 4) {
      // Over mid-grey, as the picture was shown to the networks and to the fit.
      const grey = GREY * (red + green + blue);
      colour = grey + ((colour - grey) * data[pixel + 3]!) / 255;
    }
    const value = colour / 255 + s * row[l + 3]! + t * row[r + 3]!;
    return value < 0 ? 0 : value > 1 ? 1 : value;
  }
}

/** The two samples of `from` around output sample `at` of `to`, and how far it lies towards the second. */
function neighbours(at: number, from: number, to: number): [number, number, number] {
  const position = Math.min(from - 1, Math.max(0, ((at + 0.5) * from) / to - 0.5));
  const first = Math.floor(position);
  return [first, Math.min(from - 1, first + 1), position - first];
}
