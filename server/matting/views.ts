import type { Refine, Subject } from '../../protocol/matte.ts';
import { BEST_STAGES, PAIR_STAGES, type Stages } from './pipeline.ts';

/** A view before its model is loaded. */
export interface PlannedView {
  model: string;
  squash?: boolean;
  side?: number;
  edges?: boolean;
  /** Is asked only where it is installed, and never fetched for this. */
  optional?: boolean;
}

/**
 * The three opinions of `refine=best` with RVM as the portrait model. RVM at a quarter of the grid keeps the person
 * whole; the same network at half of it, and on a stretched picture, makes different errors; ISNet draws edges best but
 * does not recognize people. On 640 x 640 it takes a third of the time that 1024 x 1024 take, at no loss (training/RUNS.md).
 * Views chosen on 24 portraits among the pairs of eight RVM views that go with ISNet (`npm run bench:quality`).
 */
export const PORTRAIT_VIEWS: readonly PlannedView[] = [
  { model: 'rvm-wide' },
  { model: 'rvm', squash: true, edges: true },
  { model: 'isnet', side: 640, edges: true },
];

/** The two opinions of `refine=fast`: RVM from afar and from near. Both come from one download of 4 MB. */
export const PORTRAIT_PAIR: readonly PlannedView[] = [{ model: 'rvm-wide' }, { model: 'rvm', edges: true }];

/**
 * Networks that some users have beside those. They vote on what belongs to the person and draw no edges, because no weights
 * of theirs were at hand to measure their edges with.
 */
export const FURTHER_VIEWS: readonly PlannedView[] = [
  { model: 'bshm', optional: true },
  { model: 'modnet', optional: true },
];

/**
 * The views for a model and a subject; a single one for models without an ensemble. Also with BSHM as the portrait model,
 * `best` asks all: alone it is published with a larger error on PPM-100 (MSE 0.0063) than the consensus has on a part of it.
 */
export function planViews(model: string, subject: Subject, refine: Refine): readonly PlannedView[] {
  if (subject !== 'portrait' || (model !== 'rvm' && model !== 'bshm')) return [{ model }];
  if (refine === 'best') return [...PORTRAIT_VIEWS, ...FURTHER_VIEWS];
  return model === 'rvm' ? PORTRAIT_PAIR : [{ model }];
}

/** A single network in fast mode skips the color guide, which costs more than plain enlarging. */
export function planStages(views: number, refine: Refine): Stages {
  if (views > 2) return BEST_STAGES;
  if (views === 2) return PAIR_STAGES;
  return refine === 'best' ? { guide: true } : {};
}
