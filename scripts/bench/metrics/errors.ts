import { OPAQUE, type Plane } from './plane.ts';
import { FOREGROUND, type Trimap, UNKNOWN } from './trimap.ts';

/** Sums of absolute differences are divided by this. */
export const SAD_DIVISOR = 1000;

export interface Errors {
  mse: number;
  mad: number;
  sad: number;
}

/**
 * MSE, MAD and SAD over the whole picture and over the unknown band, and SAD by region: a wrong limb shows in the
 * foreground or background part, a poor edge in the band. Means over an empty band are NaN.
 */
export function measureErrors(
  prediction: Plane,
  truth: Plane,
  trimap: Trimap,
): { whole: Errors; band: Errors; sadForeground: number; sadBackground: number } {
  const p = prediction.data;
  const a = truth.data;
  let [foreground, background, band, squares, bandSquares, bandPixels] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < p.length; i++) {
    const label = trimap[i];
    if (label === UNKNOWN) bandPixels++;
    const difference = Math.abs(p[i]! - a[i]!);
    if (difference === 0) continue;
    squares += difference * difference;
    if (label === UNKNOWN) {
      band += difference;
      bandSquares += difference * difference;
    } else if (label === FOREGROUND) foreground += difference;
    else background += difference;
  }
  return {
    whole: errorsOf(foreground + background + band, squares, p.length),
    band: errorsOf(band, bandSquares, bandPixels),
    sadForeground: foreground / OPAQUE / SAD_DIVISOR,
    sadBackground: background / OPAQUE / SAD_DIVISOR,
  };
}

function errorsOf(sum: number, squares: number, pixels: number): Errors {
  return {
    mse: squares / OPAQUE / OPAQUE / pixels,
    mad: sum / OPAQUE / pixels,
    sad: sum / OPAQUE / SAD_DIVISOR,
  };
}
