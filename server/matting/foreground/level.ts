import type { AlphaPlane, Raster } from '../../imaging/picture.ts';
import type { Bounds, Size } from './cells.ts';

/** Weight of smoothness where alpha is flat, and how much more it weighs where alpha changes. */
const REGULARIZATION = 1e-5;

/** Alpha this close to 0 or 1 says all about one of the two colors and nothing about the other. */
export const CERTAIN = 0.004;

/** Values per pixel: foreground RGB, background RGB. */
export const COLORS = 6;

/**
 * A window into one level: the picture, its alpha and the colors under estimation, all 0..1. Positions are those of the
 * whole level, so that a window computes exactly what the whole level would.
 */
export class LevelWindow {
  readonly level: Size;
  readonly bounds: Bounds;
  readonly image: Float32Array;
  readonly alpha: Float32Array;
  readonly colors: Float32Array;

  constructor(level: Size, bounds: Bounds) {
    this.level = level;
    this.bounds = bounds;
    const pixels = (bounds.right - bounds.left) * (bounds.bottom - bounds.top);
    this.image = new Float32Array(3 * pixels);
    this.alpha = new Float32Array(pixels);
    this.colors = new Float32Array(COLORS * pixels);
  }

  /** Nearest samples of the full picture. */
  sample(picture: Raster, alpha: AlphaPlane): void {
    const { left, top, right, bottom } = this.bounds;
    const { width, height } = this.level;
    const { channels, data } = picture;
    const unit = 1 / (data instanceof Uint16Array ? 65535 : 255);
    const solid = 1 / (alpha.data instanceof Uint16Array ? 65535 : 255);
    const mask = alpha.data;
    const { image, alpha: opacities } = this;
    const columns = nearest(left, right, picture.width, width);
    for (let y = top, i = 0; y < bottom; y++) {
      const row = Math.floor((y * picture.height) / height) * picture.width;
      for (let x = 0; x < columns.length; x++, i++) {
        const from = row + columns[x]!;
        const s = from * channels;
        opacities[i] = mask[from]! * solid;
        image[3 * i] = data[s]! * unit;
        image[3 * i + 1] = data[s + 1]! * unit;
        image[3 * i + 2] = data[s + 2]! * unit;
      }
    }
  }

  /** Nearest colors of the level below, whose window must hold every pixel that is asked for. */
  inherit({ level, bounds, colors }: LevelWindow): void {
    const { left, top, right, bottom } = this.bounds;
    const out = this.colors;
    const stride = COLORS * (bounds.right - bounds.left);
    const columns = nearest(left, right, level.width, this.level.width);
    for (let x = 0; x < columns.length; x++) columns[x] = COLORS * (columns[x]! - bounds.left);
    for (let y = top, to = 0; y < bottom; y++) {
      const row = (Math.floor((y * level.height) / this.level.height) - bounds.top) * stride;
      for (let x = 0; x < columns.length; x++, to += COLORS) {
        const from = row + columns[x]!;
        out[to] = colors[from]!;
        out[to + 1] = colors[from + 1]!;
        out[to + 2] = colors[from + 2]!;
        out[to + 3] = colors[from + 3]!;
        out[to + 4] = colors[from + 4]!;
        out[to + 5] = colors[from + 5]!;
      }
    }
  }

  /**
   * Sweeps that lower the cost of matting.md's multi-level method (Germer et al., "Fast Multi-Level Foreground
   * Estimation", 2020): per pixel the 2 x 2 system for F and B with the neighbors held. Red and black pixels alternate,
   * so that one sweep carries a change two pixels far and no further, whatever the window.
   * @param certain whether pixels of alpha 0 and 1 are set once instead of being swept
   */
  relax(sweeps: number, certain: boolean): void {
    if (certain) this.#settle();
    for (let half = 0; half < 2 * sweeps; half++) this.#halfSweep(half & 1, certain ? CERTAIN : -1);
  }

  #settle(): void {
    const { alpha, image, colors } = this;
    for (let i = 0; i < alpha.length; i++) {
      const a = alpha[i]!;
      const to = a >= 1 - CERTAIN ? 0 : a <= CERTAIN ? 3 : -1;
      if (to >= 0) for (let c = 0; c < 3; c++) colors[COLORS * i + to + c] = image[3 * i + c]!;
    }
  }

  #halfSweep(parity: number, skip: number): void {
    const { alpha, image, colors } = this;
    const { left, top, right, bottom } = this.bounds;
    const { width, height } = this.level;
    const columns = right - left;
    // At the level's own border a pixel is its own neighbor; at a border of the window it is left as it was.
    const fromY = top === 0 ? 0 : top + 1;
    const toY = bottom === height ? height : bottom - 1;
    const fromX = left === 0 ? 0 : left + 1;
    const toX = right === width ? width : right - 1;
    for (let y = fromY; y < toY; y++) {
      const up = y > 0 ? -columns : 0;
      const down = y < height - 1 ? columns : 0;
      for (let x = fromX + ((fromX + y + parity) & 1); x < toX; x += 2) {
        const i = (y - top) * columns + x - left;
        const a = alpha[i]!;
        if (a <= skip || a >= 1 - skip) continue;
        const n0 = x > 0 ? i - 1 : i;
        const n1 = x < width - 1 ? i + 1 : i;
        const n2 = i + up;
        const n3 = i + down;
        const d0 = REGULARIZATION + Math.abs(a - alpha[n0]!);
        const d1 = REGULARIZATION + Math.abs(a - alpha[n1]!);
        const d2 = REGULARIZATION + Math.abs(a - alpha[n2]!);
        const d3 = REGULARIZATION + Math.abs(a - alpha[n3]!);
        const sum = d0 + d1 + d2 + d3;
        const b = 1 - a;
        const a00 = a * a + sum;
        const a11 = b * b + sum;
        const a01 = a * b;
        const inverse = 1 / (a00 * a11 - a01 * a01);
        const [p, p0, p1, p2, p3] = [COLORS * i, COLORS * n0, COLORS * n1, COLORS * n2, COLORS * n3];
        for (let c = 0; c < 3; c++) {
          const seen = image[3 * i + c]!;
          const f =
            a * seen + d0 * colors[p0 + c]! + d1 * colors[p1 + c]! + d2 * colors[p2 + c]! + d3 * colors[p3 + c]!;
          const g =
            b * seen +
            d0 * colors[p0 + c + 3]! +
            d1 * colors[p1 + c + 3]! +
            d2 * colors[p2 + c + 3]! +
            d3 * colors[p3 + c + 3]!;
          const front = (a11 * f - a01 * g) * inverse;
          const back = (a00 * g - a01 * f) * inverse;
          colors[p + c] = front < 0 ? 0 : front > 1 ? 1 : front;
          colors[p + c + 3] = back < 0 ? 0 : back > 1 ? 1 : back;
        }
      }
    }
  }
}

/** For positions `left` to before `right` of `to` the nearest of `from`. */
function nearest(left: number, right: number, from: number, to: number): Int32Array {
  const out = new Int32Array(right - left);
  for (let x = left; x < right; x++) out[x - left] = Math.floor((x * from) / to);
  return out;
}
