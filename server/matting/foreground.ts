import type { AlphaPlane, Raster } from '../imaging/picture.ts';
import { cutOut } from './composition.ts';

/** Box widths of the two passes, in pixels (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021). */
const WIDE = 90;
const NARROW = 6;
const EPSILON = 1e-5;

/** Side of the tiles that are estimated at a time: memory does not grow with the picture, and tiles without a soft edge,
 *  which are most, cost nothing. */
const TILE = 256;

/** What a pixel's estimate can depend on: half of each box, so that tiles join without a seam. */
const HALO = WIDE / 2 + NARROW / 2;

/**
 * Estimates the subject's own colours under soft edges, so that a cutout carries no halo of the old background.
 * Blur fusion in two passes: where alpha is 1 a pixel keeps its colour; elsewhere it takes the colour that, mixed with
 * the blurred background, explains what the camera saw.
 * @returns straight RGBA at the picture's depth; alpha is the matte times the picture's own transparency
 */
export function estimateForeground(picture: Raster, alpha: AlphaPlane): Raster {
  const out = cutOut(picture, alpha);
  const { width, height } = picture;
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      const tile = { left, top, right: Math.min(width, left + TILE), bottom: Math.min(height, top + TILE) };
      if (hasSoftEdge(alpha, tile)) estimateTile(picture, alpha, tile, out);
    }
  }
  return out;
}

interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function hasSoftEdge({ width, data }: AlphaPlane, { left, top, right, bottom }: Bounds): boolean {
  const max = data instanceof Uint16Array ? 65535 : 255;
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left; i < y * width + right; i++) if (data[i]! > 0 && data[i]! < max) return true;
  }
  return false;
}

function estimateTile(picture: Raster, alpha: AlphaPlane, tile: Bounds, out: Raster): void {
  const { width, height, channels, data } = picture;
  const max = data instanceof Uint16Array ? 65535 : 255;
  const around = {
    left: Math.max(0, tile.left - HALO),
    top: Math.max(0, tile.top - HALO),
    right: Math.min(width, tile.right + HALO),
    bottom: Math.min(height, tile.bottom + HALO),
  };
  const columns = around.right - around.left;
  const rows = around.bottom - around.top;
  const read = (samples: Uint8Array | Uint16Array, step: number, offset: number) => {
    const plane = new Float32Array(columns * rows);
    const scale = 1 / (samples instanceof Uint16Array ? 65535 : 255);
    for (let y = 0, i = 0; y < rows; y++) {
      let s = ((around.top + y) * width + around.left) * step + offset;
      for (let x = 0; x < columns; x++, i++, s += step) plane[i] = samples[s]! * scale;
    }
    return plane;
  };
  const a = read(alpha.data, 1, 0);
  const wide = blurBox(a, columns, rows, WIDE);
  const narrow = blurBox(a, columns, rows, NARROW);
  for (let c = 0; c < 3; c++) {
    const image = read(data, channels, c);
    const first = blurFusion(image, image, image, a, wide, columns, rows, WIDE);
    const { front } = blurFusion(image, first.front, first.back, a, narrow, columns, rows, NARROW);
    for (let y = tile.top; y < tile.bottom; y++) {
      let i = (y - around.top) * columns + tile.left - around.left;
      let t = 4 * (y * width + tile.left) + c;
      for (let x = tile.left; x < tile.right; x++, i++, t += 4) if (a[i]! < 1) out.data[t] = front[i]! * max + 0.5;
    }
  }
}

/** One pass: F' = clip(Fb + a (I - a Fb - (1 - a) Bb)) with alpha-weighted box means Fb and Bb. */
function blurFusion(
  image: Float32Array,
  front: Float32Array,
  back: Float32Array,
  alpha: Float32Array,
  blurredAlpha: Float32Array,
  width: number,
  height: number,
  box: number,
): { front: Float32Array; back: Float32Array } {
  const weighted = new Float32Array(image.length);
  for (let i = 0; i < weighted.length; i++) weighted[i] = front[i]! * alpha[i]!;
  const blurredFront = blurBox(weighted, width, height, box);
  for (let i = 0; i < weighted.length; i++) weighted[i] = back[i]! * (1 - alpha[i]!);
  const blurredBack = blurBox(weighted, width, height, box);
  for (let i = 0; i < weighted.length; i++) {
    const a = alpha[i]!;
    const f = blurredFront[i]! / (blurredAlpha[i]! + EPSILON);
    const b = blurredBack[i]! / (1 - blurredAlpha[i]! + EPSILON);
    blurredBack[i] = b;
    blurredFront[i] = Math.min(1, Math.max(0, f + a * (image[i]! - a * f - (1 - a) * b)));
  }
  return { front: blurredFront, back: blurredBack };
}

/** Mean over a `box` x `box` window by running sums, the window shrinking at the borders. */
function blurBox(source: Float32Array, width: number, height: number, box: number): Float32Array {
  const before = box >> 1;
  const after = box - before;
  const rows = new Float32Array(source.length);
  for (let y = 0; y < height; y++) {
    const base = y * width;
    let sum = 0;
    for (let x = 0; x < Math.min(after, width); x++) sum += source[base + x]!;
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - before);
      const right = Math.min(width, x + after);
      rows[base + x] = sum / (right - left);
      if (right < width) sum += source[base + right]!;
      if (x - before >= 0) sum -= source[base + x - before]!;
    }
  }
  const out = new Float32Array(source.length);
  const sums = new Float64Array(width);
  for (let y = 0; y < Math.min(after, height); y++) for (let x = 0; x < width; x++) sums[x]! += rows[y * width + x]!;
  for (let y = 0; y < height; y++) {
    const count = Math.min(height, y + after) - Math.max(0, y - before);
    const enters = y + after < height ? (y + after) * width : -1;
    const leaves = y - before >= 0 ? (y - before) * width : -1;
    for (let x = 0; x < width; x++) {
      out[y * width + x] = sums[x]! / count;
      if (enters >= 0) sums[x]! += rows[enters + x]!;
      if (leaves >= 0) sums[x]! -= rows[leaves + x]!;
    }
  }
  return out;
}
