import { measureConnectivity } from './connectivity.ts';
import { measureErrors } from './errors.ts';
import { measureGradient } from './gradient.ts';
import type { Plane } from './plane.ts';
import { forceKnown, type Trimap } from './trimap.ts';

/** Whole picture first, then the same inside the unknown band, then the rest of SAD: outside the band. */
export const MEASURES = [
  'mse',
  'mad',
  'sad',
  'grad',
  'conn',
  'bandMse',
  'bandMad',
  'bandSad',
  'bandGrad',
  'bandConn',
  'sadForeground',
  'sadBackground',
] as const;

/** Lower is better in all of them. Means over an empty band are NaN. */
export type Scores = Record<(typeof MEASURES)[number], number>;

/** Inside the band the prediction is first made right where the trimap knows, as for methods that are given one. */
export function scoreMatte(prediction: Plane, truth: Plane, trimap: Trimap): Scores {
  const { whole, band, sadForeground, sadBackground } = measureErrors(prediction, truth, trimap);
  const forced = forceKnown(prediction, trimap);
  return {
    ...whole,
    grad: measureGradient(prediction, truth),
    conn: measureConnectivity(prediction, truth),
    bandMse: band.mse,
    bandMad: band.mad,
    bandSad: band.sad,
    bandGrad: measureGradient(forced, truth, trimap),
    bandConn: measureConnectivity(forced, truth, trimap),
    sadForeground,
    sadBackground,
  };
}

/** Of the values that are numbers; NaN when none is. */
export function meanOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Of the values that are numbers: the middle one, or the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
