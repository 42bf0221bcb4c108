import type { Refine, Subject } from '../../protocol/matte.ts';
import { BEST_STAGES, PAIR_STAGES, type Stages } from './pipeline.ts';

/** A view before its model is loaded. */
export interface PlannedView {
  model: string;
  squash?: boolean;
  edges?: boolean;
}

/**
 * The three opinions of `refine=best` with RVM as the portrait model. RVM at a quarter of the grid keeps the person
 * whole; the same network at half of it, and on a stretched picture, makes different errors; ISNet draws edges best but
 * does not recognize people. Chosen on 24 portraits among the pairs of eight RVM views that go with ISNet (`npm run
 * bench:quality`).
 */
export const PORTRAIT_VIEWS: readonly PlannedView[] = [
  { model: 'rvm-wide' },
  { model: 'rvm', squash: true, edges: true },
  { model: 'isnet', edges: true },
];

/** The two opinions of `refine=fast`: RVM from afar and from near. Both come from one download of 4 MB. */
export const PORTRAIT_PAIR: readonly PlannedView[] = [{ model: 'rvm-wide' }, { model: 'rvm', edges: true }];

/** The views for a model and a subject; a single one for models without an ensemble. */
export function planViews(model: string, subject: Subject, refine: Refine): readonly PlannedView[] {
  if (subject !== 'portrait' || model !== 'rvm') return [{ model }];
  return refine === 'best' ? PORTRAIT_VIEWS : PORTRAIT_PAIR;
}

/** A single network in fast mode skips the color guide, which costs more than plain enlarging. */
export function planStages(views: number, refine: Refine): Stages {
  if (views > 2) return BEST_STAGES;
  if (views === 2) return PAIR_STAGES;
  return refine === 'best' ? { guide: true } : {};
}
