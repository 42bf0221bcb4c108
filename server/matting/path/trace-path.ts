import type { ClippingPath, Place, Subpath } from '../../../protocol/schemas/path.ts';
import type { AlphaPlane } from '../../imaging/picture.ts';
import { reduceSamples } from '../edge/plane.ts';
import { Pace } from '../yield-often.ts';
import { type Contour, countCrossings, traceContours } from './contours.ts';
import { fitCurves } from './fit-curves.ts';

/** Points that are followed; where the matte has more (it is noise), a smaller copy of it is. */
const MOST_POINTS = 500_000;

/** What programs that place pictures still draw quickly. */
const MOST_KNOTS = 20_000;

/** Patches and holes smaller than a circle of so many tolerances are left out: paths are for outlines, not for single hairs. */
const SPECK_RADIUS = 3;

/**
 * The outline of the matte, where its opacity is one half, as Bézier curves, largest first. Time and size are bounded, also for
 * noise: then the path is coarser than asked for, which its tolerance says.
 * @param tolerance how far it may be from the outline, in pixels; above 0
 */
export async function tracePath(alpha: AlphaPlane, tolerance: number, signal?: AbortSignal): Promise<ClippingPath> {
  const pace = new Pace(signal);
  let small = alpha;
  while ((await countCrossings(small, pace)) > MOST_POINTS) {
    const [width, height] = [Math.ceil(small.width / 2), Math.ceil(small.height / 2)];
    small = { width, height, data: reduceSamples(small as Reducible, 1, width, height) };
  }
  const across = alpha.width / small.width;
  const down = alpha.height / small.height;
  for (let actual = across > 1 ? Math.max(tolerance, across) : tolerance; ; actual *= 2) {
    const reduced = actual / Math.max(across, down);
    const contours = await traceContours(small, Math.PI * (SPECK_RADIUS * reduced) ** 2, pace);
    contours.sort((a, b) => Math.abs(b.area) - Math.abs(a.area));
    const subpaths = await fitContours(contours, reduced, pace);
    if (!subpaths) continue;
    const { width, height } = alpha;
    const place = ([x, y]: Place): Place => [x * across, y * down];
    for (const { knots } of subpaths)
      for (const knot of knots) {
        knot.anchor = place(knot.anchor);
        knot.before = place(knot.before);
        knot.after = place(knot.after);
      }
    return { width, height, tolerance: actual, subpaths };
  }
}

/** @returns null where that takes too many knots */
async function fitContours(contours: readonly Contour[], tolerance: number, pace: Pace): Promise<Subpath[] | null> {
  const subpaths: Subpath[] = [];
  let left = MOST_KNOTS;
  for (const { points } of contours) {
    await pace.step();
    const knots = fitCurves(points, tolerance, left);
    if (!knots) return null;
    left -= knots.length;
    subpaths.push({ knots });
  }
  return subpaths;
}

type Reducible = AlphaPlane & { data: Uint8Array };
