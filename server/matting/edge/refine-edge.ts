import { Pace } from '../yield-often.ts';
import type { EdgeSettings } from './edge-settings.ts';
import { feather } from './feather.ts';
import { fillHoles, removeSpecks } from './islands.ts';
import type { Plane16 } from './plane.ts';
import { shift } from './shift.ts';
import { applyCurve, contrastCurve, hairCurve } from './tone.ts';

/**
 * Applies edge controls to a matte, in this order: specks, holes, hair, shift, feather, contrast. Clean-up goes first,
 * so that nothing is grown or blurred that should not be there; contrast goes last, so that it sharpens what feather
 * softened, as in Photoshop's Select and Mask.
 * @returns a new plane, or `alpha` itself when the settings change nothing; `alpha` is never written
 */
export async function refineEdge(alpha: Plane16, settings: EdgeSettings, signal?: AbortSignal): Promise<Plane16> {
  if (Object.values(settings).every((value) => value === 0)) return alpha;
  const pace = new Pace(signal);
  let plane: Plane16 = { ...alpha, data: alpha.data.slice() };
  if (settings.removeSpecks > 0) await removeSpecks(plane, settings.removeSpecks, pace);
  if (settings.fillHoles > 0) await fillHoles(plane, settings.fillHoles, pace);
  if (settings.hair !== 0) applyCurve(plane.data, hairCurve(settings.hair));
  await pace.step();
  if (settings.shift !== 0) plane = await shift(plane, settings.shift, pace);
  if (settings.feather > 0) await feather(plane, settings.feather, pace);
  if (settings.contrast > 0) applyCurve(plane.data, contrastCurve(settings.contrast));
  return plane;
}
