import type { CoarseAlpha } from '../grid/coarse-alpha.ts';

/** Alpha closer to 0 or 1 than this counts as decided. */
const SOFT = 0.02;

/** Share of the band, at its outer rim, over which it fades. */
const RIM = 0.25;

/** Costs of a straight and a diagonal step in a chamfer distance, in thirds of a pixel (Borgefors, 1986). */
const STRAIGHT = 3;
const DIAGONAL = 4;

/**
 * The neighborhood of a mask's edge: 1 on soft pixels and on borders between the two sides, falling to 0 at `radius` pixels
 * from them, and exactly 0 beyond.
 */
export function findBand({ width, height, data }: CoarseAlpha, radius: number): CoarseAlpha {
  const far = STRAIGHT * (width + height);
  const steps = new Int32Array(data.length).fill(far);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const value = data[i]!;
      const solid = value > 0.5;
      const border =
        (x + 1 < width && data[i + 1]! > 0.5 !== solid) ||
        (y + 1 < height && data[i + width]! > 0.5 !== solid) ||
        (x > 0 && data[i - 1]! > 0.5 !== solid) ||
        (y > 0 && data[i - width]! > 0.5 !== solid);
      if (border || (value > SOFT && value < 1 - SOFT)) steps[i] = 0;
    }
  }
  for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i++) relax(steps, i, x, -1, width, y > 0);
  for (let y = height - 1, i = steps.length - 1; y >= 0; y--)
    for (let x = width - 1; x >= 0; x--, i--) relax(steps, i, width - 1 - x, 1, width, y < height - 1);
  const band = new Float32Array(data.length);
  const rim = RIM * radius;
  for (let i = 0; i < band.length; i++) {
    band[i] = Math.min(1, Math.max(0, (radius - steps[i]! / STRAIGHT) / rim));
  }
  return { width, height, data: band };
}

/** @param from columns before this one in the direction of travel; `ahead` is -1 going down and 1 going up */
function relax(steps: Int32Array, i: number, from: number, ahead: 1 | -1, width: number, hasRow: boolean): void {
  let least = steps[i]!;
  if (from > 0) least = Math.min(least, steps[i + ahead]! + STRAIGHT);
  if (hasRow) {
    const row = i + ahead * width;
    least = Math.min(least, steps[row]! + STRAIGHT);
    if (from > 0) least = Math.min(least, steps[row + ahead]! + DIAGONAL);
    if (from < width - 1) least = Math.min(least, steps[row - ahead]! + DIAGONAL);
  }
  steps[i] = least;
}
