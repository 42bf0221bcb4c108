import type { Kept } from '../../../protocol/matte.ts';
import type { Point } from '../../imaging/area.ts';
import type { AlphaPlane, Region } from '../../imaging/picture.ts';
import type { CoarseAlpha } from '../grid/coarse-alpha.ts';
import type { Grid } from '../grid/preprocess.ts';
import { tabulatePairs } from '../grid/resample.ts';
import type { Pace } from '../yield-often.ts';
import { type Bodies, findBodies, findLargest, findNearest } from './split-subjects.ts';

/** Which of the bodies in a matte stay. */
export interface SubjectChoice {
  subjects: Kept;
  /** For `point`. */
  point?: Point | null | undefined;
}

/** The same choice in a part of the picture. A point outside of the part is nearest to what lies at that side. */
export function moveChoice({ subjects, point }: SubjectChoice, { left, top }: Region): SubjectChoice {
  return { subjects, point: point ? { x: point.x - left, y: point.y - top } : null };
}

/** 1 where the chosen body and all that goes with it lies, else 0; null where nothing has to go. */
export function chooseSubject(
  alpha: CoarseAlpha,
  { subjects, point }: SubjectChoice,
  picture: Grid,
): CoarseAlpha | null {
  if (subjects === 'all') return null;
  const bodies = findBodies(alpha);
  if (bodies.masses.length <= 2) return null;
  const chosen = subjects === 'largest' || !point ? findLargest(bodies) : pick(bodies, alpha, point, picture);
  const data = new Float32Array(bodies.labels.length);
  for (let i = 0; i < data.length; i++) if (bodies.labels[i] === chosen) data[i] = 1;
  return { ...alpha, data };
}

function pick(bodies: Bodies, alpha: CoarseAlpha, { x, y }: Point, picture: Grid): number {
  const across = ((x + 0.5) * alpha.width) / picture.width - 0.5;
  const down = ((y + 0.5) * alpha.height) / picture.height - 0.5;
  return findNearest(bodies, alpha, across, down);
}

/**
 * Multiplies a matte by a coarse mask, bilinear and center-aligned, in place. Where the mask is 1 all around, not a
 * sample changes; the mattes of all bodies of a picture add up to the whole.
 */
export async function keepSubject({ width, height, data }: AlphaPlane, mask: CoarseAlpha, pace: Pace): Promise<void> {
  const across = tabulatePairs(mask.width, width);
  const down = tabulatePairs(mask.height, height);
  const row = new Float32Array(mask.width);
  for (let y = 0; y < height; y++) {
    await pace.step();
    const above = mask.width * down.first[y]!;
    const below = mask.width * down.second[y]!;
    const t = down.share[y]!;
    for (let x = 0; x < mask.width; x++) {
      const value = mask.data[above + x]!;
      row[x] = value + t * (mask.data[below + x]! - value);
    }
    if (row.every((value) => value === 1)) continue;
    for (let x = 0; x < width; x++) {
      const left = row[across.first[x]!]!;
      const weight = left + across.share[x]! * (row[across.second[x]!]! - left);
      if (weight < 1) data[y * width + x] = data[y * width + x]! * weight + 0.5;
    }
  }
}
