import type { AlphaPlane, Raster } from '../imaging/picture.ts';

/** Box widths of the two passes, in pixels (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021). */
const WIDE = 90;
const NARROW = 6;
const EPSILON = 1e-5;

/** Rows estimated at a time; memory grows with the width, not with the picture. */
const STRIP = 512;

/**
 * Estimates the subject's own colours under soft edges, so that a cutout carries no halo of the old background.
 * Blur fusion in two passes: where alpha is 1 a pixel keeps its colour; elsewhere it takes the colour that, mixed with
 * the blurred background, explains what the camera saw.
 * @returns straight RGBA at the picture's depth; alpha is the matte times the picture's own transparency
 */
export function estimateForeground(picture: Raster, alpha: AlphaPlane): Raster {
  const { width, height, channels, data } = picture;
  const max = data instanceof Uint16Array ? 65535 : 255;
  const alphaMax = alpha.data instanceof Uint16Array ? 65535 : 255;
  const out = data instanceof Uint16Array ? new Uint16Array(width * height * 4) : new Uint8Array(width * height * 4);
  const halo = WIDE / 2 + NARROW;
  for (let top = 0; top < height; top += STRIP) {
    const bottom = Math.min(height, top + STRIP);
    const from = Math.max(0, top - halo);
    const to = Math.min(height, bottom + halo);
    const rows = to - from;
    const a = new Float32Array(rows * width);
    for (let i = 0; i < a.length; i++) a[i] = alpha.data[from * width + i]! / alphaMax;
    const soft = hasSoftRow(a);
    for (let c = 0; c < 3; c++) {
      const image = new Float32Array(rows * width);
      for (let i = 0, s = from * width * channels + c; i < image.length; i++, s += channels) image[i] = data[s]! / max;
      const front = soft ? fuse(image, a, width, rows) : image;
      for (let i = (top - from) * width, t = top * width * 4 + c; t < bottom * width * 4; i++, t += 4)
        out[t] = front[i]! * max + 0.5;
    }
    for (let i = top * width; i < bottom * width; i++) {
      const own = channels === 4 ? data[4 * i + 3]! / max : 1;
      out[4 * i + 3] = (alpha.data[i]! / alphaMax) * own * max + 0.5;
    }
  }
  return { width, height, channels: 4, data: out };
}

function hasSoftRow(alpha: Float32Array): boolean {
  for (const value of alpha) if (value > 0 && value < 1) return true;
  return false;
}

function fuse(image: Float32Array, alpha: Float32Array, width: number, height: number): Float32Array {
  const first = blurFusion(image, image, image, alpha, width, height, WIDE);
  return blurFusion(image, first.front, first.back, alpha, width, height, NARROW).front;
}

/** One pass: F' = clip(Fb + a (I - a Fb - (1 - a) Bb)) with alpha-weighted box means Fb and Bb. */
function blurFusion(
  image: Float32Array,
  front: Float32Array,
  back: Float32Array,
  alpha: Float32Array,
  width: number,
  height: number,
  box: number,
): { front: Float32Array; back: Float32Array } {
  const weighted = new Float32Array(image.length);
  const blurredAlpha = blurBox(alpha, width, height, box);
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
