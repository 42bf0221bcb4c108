import { AppError } from '../../errors.ts';
import type { AlphaPlane } from '../../imaging/picture.ts';
import type { Strokes } from '../../imaging/strokes-file.ts';
import { type Plane16, reduceSamples, toPlane16 } from '../edge/plane.ts';
import { boxMean } from '../ensemble/consensus.ts';
import type { CoarseAlpha } from '../grid/coarse-alpha.ts';
import { fitColor } from '../grid/guided.ts';
import { resampleAlpha, tabulatePairs } from '../grid/resample.ts';
import type { Pace } from '../yield-often.ts';
import { findBand } from './find-band.ts';

/** Half the width of the band, as a share of the grid's longer side: 32 pixels of a picture of 2048. */
const REACH = 1 / 64;

/** How fast trust in the networks falls with their mean distance from the mask where the mask is sure of itself. */
const TRUST = 0.15;

/** Variance of color below which the fit follows the mask, where the networks are not trusted. */
const EPSILON = 1e-3;

export interface RefinedMask {
  /** What stands in the result before it is enlarged. */
  coarse: CoarseAlpha;
  /** Where the result replaces the mask, 0..1. */
  band: CoarseAlpha;
}

/**
 * Finds the edge of an existing mask anew. Beyond a band around its edge the mask stands. In the band the networks' alpha
 * counts as far as they agree with the mask on the solid areas beside it: a network that is looking at something else
 * there knows nothing about this edge. Else the mask itself is fitted to the colors of the picture.
 * @param mask at the size of the picture
 * @param found the networks' alpha, on the grid that the result is wanted on
 * @param rgb the picture on that grid
 * @param strokes what a person painted over the mask, which has it already: where the networks contradict it, they count for
 * nothing around
 * @throws {AppError} BAD_REQUEST for a mask without an edge
 */
export function refineMask(mask: Plane16, found: CoarseAlpha, rgb: Uint8Array, strokes?: Strokes): RefinedMask {
  const { width, height } = found;
  const small = shrinkMask(mask, width, height);
  const radius = Math.max(width, height) * REACH;
  const band = findBand(small, radius);
  if (!band.data.includes(1))
    throw new AppError(
      'BAD_REQUEST',
      'The mask has no edge: it is the same everywhere, so there is nothing to refine.',
    );
  const around = Math.round(2 * radius);
  const apart = small.data.map((value, i) => Math.abs(found.data[i]! - value));
  const measure = (where: Float32Array) => weightedMean(apart, where, width, height, around);
  const distance = measure(band.data.map((value) => (value === 0 ? 1 : 0)));
  if (strokes)
    measure(resampleAlpha({ ...strokes, data: strokes.painted }, width, height).data).forEach((value, i) => {
      distance[i] = Math.max(distance[i]!, value);
    });
  const fitted = fitMask(small, rgb, Math.round(radius));
  const data = small.data.map((value, i) => {
    const share = band.data[i]!;
    if (share === 0) return value;
    const trust = Math.exp(-distance[i]! / TRUST);
    return value + share * (fitted[i]! + trust * (found.data[i]! - fitted[i]!) - value);
  });
  return { coarse: { width, height, data }, band };
}

/**
 * Puts the mask back wherever the band does not reach, sample by sample, and fades between the two within it.
 * @param refined at the mask's size; changed in place
 */
export async function keepMask(refined: AlphaPlane, mask: Plane16, band: CoarseAlpha, pace: Pace): Promise<void> {
  const { width, height, data } = toPlane16(refined);
  const across = tabulatePairs(band.width, width);
  const down = tabulatePairs(band.height, height);
  for (let y = 0, i = 0; y < height; y++) {
    const upper = down.first[y]! * band.width;
    const lower = down.second[y]! * band.width;
    const t = down.share[y]!;
    for (let x = 0; x < width; x++, i++) {
      const left = across.first[x]!;
      const right = across.second[x]!;
      const s = across.share[x]!;
      const top = band.data[upper + left]! * (1 - s) + band.data[upper + right]! * s;
      const bottom = band.data[lower + left]! * (1 - s) + band.data[lower + right]! * s;
      const share = top * (1 - t) + bottom * t;
      if (share < 1) data[i] = mask.data[i]! + share * (data[i]! - mask.data[i]!) + 0.5;
    }
    await pace.step();
  }
}

function shrinkMask(mask: Plane16, width: number, height: number): CoarseAlpha {
  const reduces = width <= mask.width && height <= mask.height;
  const { data, ...size } = reduces ? { width, height, data: reduceSamples(mask, 1, width, height) } : mask;
  const alpha = { ...size, data: Float32Array.from(data, (value) => value / 65535) };
  return resampleAlpha(alpha, width, height);
}

/** Mean of `values` over a window, in which only `where` counts; 0 where nothing does. */
function weightedMean(values: Float32Array, where: Float32Array, width: number, height: number, radius: number) {
  const counted = boxMean(where, width, height, radius);
  const sum = boxMean(
    values.map((value, i) => value * where[i]!),
    width,
    height,
    radius,
  );
  return sum.map((value, i) => (counted[i]! > 1e-6 ? value / counted[i]! : 0));
}

/** The mask as a function of color in the window around each pixel, on its own grid. */
function fitMask(mask: CoarseAlpha, rgb: Uint8Array, radius: number): Float32Array {
  const { data: fit } = fitColor(mask, rgb, { radius, epsilon: EPSILON });
  return mask.data.map((_, i) => {
    const [f, p] = [4 * i, 3 * i];
    const colored = fit[f]! * rgb[p]! + fit[f + 1]! * rgb[p + 1]! + fit[f + 2]! * rgb[p + 2]!;
    return Math.min(1, Math.max(0, colored / 255 + fit[f + 3]!));
  });
}
