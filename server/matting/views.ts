import type { Refine, Subject } from '../../protocol/matte.ts';

/** A view before its model is loaded. */
export interface PlannedView {
  model: string;
  squash?: boolean;
  edges?: boolean;
}

/**
 * The three opinions of `refine=best` where RVM is the portrait model. RVM at a quarter of the grid keeps the person
 * whole; the same network at half of it, and on a stretched picture, errs elsewhere; ISNet draws edges best but knows no
 * people. Chosen on 24 portraits among the pairs of eight RVM views that go with ISNet (`npm run bench:quality`).
 */
export const PORTRAIT_VIEWS: readonly PlannedView[] = [
  { model: 'rvm-wide' },
  { model: 'rvm', squash: true, edges: true },
  { model: 'isnet', edges: true },
];

/** The views that a model and a subject call for; one of its own for everything that has no panel of opinions. */
export function planViews(model: string, subject: Subject, refine: Refine): readonly PlannedView[] {
  return refine === 'best' && subject === 'portrait' && model === 'rvm' ? PORTRAIT_VIEWS : [{ model }];
}
