import { boundsOf } from '../imaging/framing.ts';
import type { AlphaPlane, Raster } from '../imaging/picture.ts';
import { samplesLike } from './composition.ts';
import { reduceSamples } from './edge/plane.ts';
import { Pace } from './yield-often.ts';

/** Longer side of the grid on which the shadow is made: it has no detail. */
const GRID = 512;

/** Height of the shadow of a figure, of the figure's: light from high above. And how far it lies in front, of the same. */
const FLATNESS = 0.1;
const FORWARD = 0.012;

/**
 * A wide and faint shadow of the whole figure, and a narrow dark one of what touches the ground: how much of the height is taken, its
 * softness as a share of the figure's longer side, and how dark it is.
 */
const PARTS = [
  { height: 1, softness: 0.02, weight: 0.55 },
  { height: 0.04, softness: 0.006, weight: 0.8 },
] as const;

/**
 * Lays a soft shadow on the ground under straight RGBA. The ground is where the subject ends at the bottom; of the shadow remains
 * what fits on the canvas.
 * @param opacity 0..1: of the shadow where it is darkest
 */
export async function addShadow(subject: Raster, opacity: number, signal?: AbortSignal): Promise<Raster> {
  const { width, height, channels, data } = subject;
  if (channels !== 4) throw new RangeError('A shadow needs transparency to lie in.');
  const pace = new Pace(signal);
  const shadow = await makeShadow(opacityOf(subject), pace);
  if (!shadow) return subject;
  const max = data instanceof Uint16Array ? 65535 : 255;
  const out = samplesLike(data, data.length);
  const across = shadow.width / width;
  const down = shadow.height / height;
  for (let y = 0, i = 0; y < height; y++) {
    await pace.step();
    const row = shadow.rowAt((y + 0.5) * down - 0.5);
    for (let x = 0; x < width; x++, i += 4) {
      const own = data[i + 3]! / max;
      const dark = own === 1 ? 0 : opacity * row((x + 0.5) * across - 0.5) * (1 - own);
      const both = own + dark;
      // The shadow is black: it takes its share of the colors.
      const share = both > 0 ? own / both : 0;
      out[i] = data[i]! * share + 0.5;
      out[i + 1] = data[i + 1]! * share + 0.5;
      out[i + 2] = data[i + 2]! * share + 0.5;
      out[i + 3] = max * both + 0.5;
    }
  }
  return { width, height, channels, data: out };
}

function opacityOf({ width, height, data }: Raster): AlphaPlane {
  const plane = samplesLike(data, width * height);
  for (let i = 0; i < plane.length; i++) plane[i] = data[4 * i + 3]!;
  return { width, height, data: plane };
}

/** Opacity 0..1 on a grid. */
class Shadow {
  readonly width: number;
  readonly height: number;
  readonly #data: Float32Array;

  constructor(width: number, height: number, data: Float32Array) {
    this.width = width;
    this.height = height;
    this.#data = data;
  }

  /** Reads between the cells of the grid, in both directions. */
  rowAt(y: number): (x: number) => number {
    const top = Math.min(this.height - 1, Math.max(0, Math.floor(y)));
    const bottom = Math.min(this.height - 1, top + 1);
    const below = Math.min(1, Math.max(0, y - top));
    return (x) => {
      const left = Math.min(this.width - 1, Math.max(0, Math.floor(x)));
      const right = Math.min(this.width - 1, left + 1);
      const beside = Math.min(1, Math.max(0, x - left));
      const mix = (row: number) =>
        this.#data[row * this.width + left]! * (1 - beside) + this.#data[row * this.width + right]! * beside;
      return mix(top) * (1 - below) + mix(bottom) * below;
    };
  }
}

/** Null where nothing could cast one. */
async function makeShadow(alpha: AlphaPlane, pace: Pace): Promise<Shadow | null> {
  const scale = Math.min(1, GRID / Math.max(alpha.width, alpha.height));
  const width = Math.max(1, Math.round(alpha.width * scale));
  const height = Math.max(1, Math.round(alpha.height * scale));
  const small = { width, height, data: reduceSamples(alpha as AlphaPlane & { data: Uint8Array }, 1, width, height) };
  const box = boundsOf(small);
  if (!box) return null;
  const light = new Float32Array(width * height).fill(1);
  for (const part of PARTS) {
    await pace.step();
    const layer = flatten(small, box, part.height);
    const deviation = part.softness * Math.max(box.width, box.height);
    blur(layer, width, height, deviation);
    for (let i = 0; i < light.length; i++) light[i]! *= 1 - part.weight * layer[i]!;
  }
  const darkest = 1 - PARTS.reduce((product, { weight }) => product * (1 - weight), 1);
  return new Shadow(
    width,
    height,
    light.map((value) => (1 - value) / darkest),
  );
}

/** What stands above the ground, laid down: each row of the shadow shows the most opaque of the rows that fall on it. */
function flatten(
  { width, height, data }: AlphaPlane,
  box: { top: number; height: number },
  share: number,
): Float32Array {
  const max = data instanceof Uint16Array ? 65535 : 255;
  const out = new Float32Array(width * height);
  const ground = box.top + box.height;
  const front = ground + FORWARD * box.height;
  for (let y = Math.max(box.top, Math.floor(ground - share * box.height)); y < ground; y++) {
    const first = Math.floor(front - FLATNESS * (ground - y));
    const last = Math.max(first, Math.ceil(front - FLATNESS * (ground - y - 1)) - 1);
    for (let row = Math.max(0, first); row <= Math.min(height - 1, last); row++)
      for (let x = 0; x < width; x++) {
        const value = data[y * width + x]! / max;
        if (value > out[row * width + x]!) out[row * width + x] = value;
      }
  }
  return out;
}

/** Gaussian, in place, in both directions; nothing lies beyond the borders. */
function blur(plane: Float32Array, width: number, height: number, deviation: number): void {
  const reach = Math.ceil(3 * deviation);
  if (reach === 0) return;
  const kernel = Float64Array.from({ length: reach + 1 }, (_, i) => Math.exp(-(i * i) / (2 * deviation * deviation)));
  const sum = kernel.reduce((total, value, i) => total + (i === 0 ? value : 2 * value), 0);
  const line = new Float32Array(Math.max(width, height));
  const run = (start: number, step: number, length: number) => {
    for (let i = 0; i < length; i++) line[i] = plane[start + i * step]!;
    for (let i = 0; i < length; i++) {
      let value = kernel[0]! * line[i]!;
      for (let k = 1; k <= reach; k++)
        value += kernel[k]! * ((i >= k ? line[i - k]! : 0) + (i + k < length ? line[i + k]! : 0));
      plane[start + i * step] = value / sum;
    }
  };
  for (let y = 0; y < height; y++) run(y * width, 1, width);
  for (let x = 0; x < width; x++) run(x, width, height);
}
