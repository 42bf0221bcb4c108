import { OPAQUE, type Plane } from './plane.ts';

/** One label per pixel. */
export type Trimap = Uint8Array;

export const BACKGROUND = 0;
export const UNKNOWN = 128;
export const FOREGROUND = 255;

/** Mattes saved as JPEG ring: up to this of 255 a pixel counts as background, and from the other on as foreground. */
export const CLAMP_LOW = 12;
export const CLAMP_HIGH = 243;

/** How far the unknown band reaches beyond soft alpha: half a percent of the longer side, 10 px at 2000 px. */
export function bandRadius(width: number, height: number): number {
  return Math.max(1, Math.round(Math.max(width, height) / 200));
}

/** Unknown where the true alpha, clamped as above, is neither 0 nor 1, grown by a square of 2 `radius` + 1. */
export function makeTrimap(truth: Plane, radius: number): Trimap {
  const { width, height } = truth;
  const core = classify(truth);
  const trimap = core.slice();
  for (let y = 0; y < height; y++) {
    const row = core.subarray(y * width, (y + 1) * width);
    for (let x = row.indexOf(UNKNOWN); x >= 0; ) {
      const left = Math.max(0, x - radius);
      // Neighboring stretches that meet once grown are grown as one, or noise would cost far more than its area.
      let last = x;
      for (; x >= 0 && x - last <= 2 * radius + 1; x = row.indexOf(UNKNOWN, x + 1)) last = x;
      const right = Math.min(width, last + radius + 1);
      for (let near = Math.max(0, y - radius); near <= Math.min(height - 1, y + radius); near++) {
        trimap.fill(UNKNOWN, near * width + left, near * width + right);
      }
    }
  }
  return trimap;
}

/** How much of the picture the unknown band covers, 0..1. */
export function bandShare(trimap: Trimap): number {
  let count = 0;
  for (let i = 0; i < trimap.length; i++) if (trimap[i] === UNKNOWN) count++;
  return count / trimap.length;
}

/** Labels by value alone: for a trimap from a data set, and for the core of a computed one. */
export function classify({ data }: Plane): Trimap {
  const trimap = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    if (data[i]! >= CLAMP_HIGH * 257) trimap[i] = FOREGROUND;
    else if (data[i]! > CLAMP_LOW * 257) trimap[i] = UNKNOWN;
  }
  return trimap;
}

/** The prediction as a method that is given the trimap would answer: right wherever the trimap knows. */
export function forceKnown({ width, height, data }: Plane, trimap: Trimap): Plane {
  const forced = new Uint16Array(data);
  for (let i = 0; i < forced.length; i++) {
    if (trimap[i] === FOREGROUND) forced[i] = OPAQUE;
    else if (trimap[i] === BACKGROUND) forced[i] = 0;
  }
  return { width, height, data: forced };
}
