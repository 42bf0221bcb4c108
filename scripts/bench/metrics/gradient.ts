import { OPAQUE, type Plane } from './plane.ts';
import { type Trimap, UNKNOWN } from './trimap.ts';

export const GRADIENT_SIGMA = 1.4;
export const GRADIENT_DIVISOR = 1000;

/** Half the kernel: where the Gaussian falls below 1 %, as in the reference code of the deep matting benchmark. */
const RADIUS = Math.ceil(GRADIENT_SIGMA * Math.sqrt(-2 * Math.log(Math.sqrt(2 * Math.PI) * GRADIENT_SIGMA * 0.01)));

/** Taps at 0, 1 … RADIUS of the Gaussian (even) and of its derivative (odd), each kernel of Euclidean length 1. */
const GAUSSIAN = normalize(taps((x) => Math.exp((-x * x) / (2 * GRADIENT_SIGMA ** 2))));
const DERIVATIVE = normalize(taps((x) => x * Math.exp((-x * x) / (2 * GRADIENT_SIGMA ** 2))));

const TILE = 64;
const SIDE = TILE + 2 * RADIUS;

/**
 * Grad: the squared difference of the two gradient magnitudes, summed over the picture or over the unknown band.
 * Values are taken as they are; stretching them to 0..1 first, as some do, would forgive a matte that is nowhere opaque.
 * Works tile by tile: memory is constant, and flat tiles, which are most of a portrait, cost one comparison per pixel.
 */
export function measureGradient(prediction: Plane, truth: Plane, band?: Trimap): number {
  const { width, height } = truth;
  const p = new Tile();
  const a = new Tile();
  let sum = 0;
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      const bottom = Math.min(height, top + TILE);
      const right = Math.min(width, left + TILE);
      if (band && !touches(band, width, left, top, right, bottom)) continue;
      p.load(prediction, left, top);
      a.load(truth, left, top);
      if (p.flat && a.flat) continue;
      p.filter();
      a.filter();
      for (let y = top; y < bottom; y++) {
        for (let x = left, i = (y - top) * TILE; x < right; x++, i++) {
          if (band && band[y * width + x] !== UNKNOWN) continue;
          const difference = p.magnitudes[i]! - a.magnitudes[i]!;
          sum += difference * difference;
        }
      }
    }
  }
  return sum / GRADIENT_DIVISOR;
}

/** The surroundings of one tile and the gradient magnitudes inside it. */
class Tile {
  flat = true;
  readonly magnitudes = new Float64Array(TILE * TILE);
  readonly #samples = new Float64Array(SIDE * SIDE);
  readonly #smooth = new Float64Array(SIDE * TILE);
  readonly #slope = new Float64Array(SIDE * TILE);

  /** Beyond the borders the outermost pixels repeat. */
  load({ width, height, data }: Plane, left: number, top: number): void {
    const first = data[top * width + left]!;
    this.flat = true;
    for (let y = 0, t = 0; y < SIDE; y++) {
      const row = Math.min(height - 1, Math.max(0, top + y - RADIUS)) * width;
      for (let x = 0; x < SIDE; x++, t++) {
        const value = data[row + Math.min(width - 1, Math.max(0, left + x - RADIUS))]!;
        if (value !== first) this.flat = false;
        this.#samples[t] = value;
      }
    }
  }

  filter(): void {
    if (this.flat) {
      this.magnitudes.fill(0);
      return;
    }
    const [samples, smooth, slope] = [this.#samples, this.#smooth, this.#slope];
    for (let y = 0, t = 0; y < SIDE; y++) {
      for (let x = 0, s = y * SIDE + RADIUS; x < TILE; x++, s++, t++) {
        let g = GAUSSIAN[0]! * samples[s]!;
        let d = 0;
        for (let k = 1; k <= RADIUS; k++) {
          const before = samples[s - k]!;
          const after = samples[s + k]!;
          g += GAUSSIAN[k]! * (before + after);
          d += DERIVATIVE[k]! * (after - before);
        }
        smooth[t] = g;
        slope[t] = d;
      }
    }
    for (let t = 0, s = RADIUS * TILE; t < TILE * TILE; t++, s++) {
      let across = GAUSSIAN[0]! * slope[s]!;
      let down = 0;
      for (let k = 1, step = TILE; k <= RADIUS; k++, step += TILE) {
        across += GAUSSIAN[k]! * (slope[s - step]! + slope[s + step]!);
        down += DERIVATIVE[k]! * (smooth[s + step]! - smooth[s - step]!);
      }
      this.magnitudes[t] = Math.sqrt(across * across + down * down) / OPAQUE;
    }
  }
}

function touches(band: Trimap, width: number, left: number, top: number, right: number, bottom: number): boolean {
  for (let y = top; y < bottom; y++)
    if (band.subarray(y * width + left, y * width + right).includes(UNKNOWN)) return true;
  return false;
}

function taps(value: (x: number) => number): Float64Array {
  return Float64Array.from({ length: RADIUS + 1 }, (_, x) => value(x));
}

/** The two-dimensional kernel is the product of both, so its length is the product of theirs. */
function normalize(half: Float64Array): Float64Array {
  const length = Math.hypot(half[0]!, ...half.subarray(1), ...half.subarray(1));
  return half.map((value) => value / length);
}
