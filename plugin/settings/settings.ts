import { type EdgeControls, NEUTRAL_EDGE } from '../../protocol/edge.ts';
import type { Refine, Subject } from '../../protocol/matte.ts';
import type { DeliveryKey, MaskPolicyKey, SourceKey } from '../../words/panel/keys.ts';

/** What becomes of the matte. `layer`: a cut-out on a new layer; the original is hidden, never deleted. `mask+color`: a
 *  mask, and a layer clipped to the original that takes the old background's color out of its edges. */
export const DELIVERIES = [
  'mask',
  'selection',
  'channel',
  'layer',
  'mask+color',
] as const satisfies readonly DeliveryKey[];
export type Delivery = (typeof DELIVERIES)[number];

/** What happens to a mask that is there already; it is kept as an alpha channel first. `ask`: nothing was chosen yet.
 *  `refine`: it goes to the server with the picture, and gets a new edge. */
export const MASK_POLICIES = [
  'ask',
  'replace',
  'refine',
  'intersect',
  'add',
  'subtract',
] as const satisfies readonly MaskPolicyKey[];
export type MaskPolicy = (typeof MASK_POLICIES)[number];

/** `layers`: every selected layer by itself. `composite`: what is visible, all layers together. */
export const SOURCES = ['layers', 'composite'] as const satisfies readonly SourceKey[];
export type Source = (typeof SOURCES)[number];

/** What a run is asked for: the user's remembered choices, or those that a recorded Action step holds. */
export interface Settings {
  readonly subject: Subject;
  readonly refine: Refine;
  readonly source: Source;
  readonly delivery: Delivery;
  readonly existingMask: MaskPolicy;
  readonly edge: EdgeControls;
}

export const DEFAULT_SETTINGS: Settings = {
  subject: 'portrait',
  refine: 'best',
  source: 'layers',
  delivery: 'mask',
  existingMask: 'ask',
  edge: NEUTRAL_EDGE,
};

/** For unattended runs: without a choice, a mask is replaced, and the old one kept. */
export function withoutQuestions(settings: Settings): Settings {
  return settings.existingMask === 'ask' ? { ...settings, existingMask: 'replace' } : settings;
}
