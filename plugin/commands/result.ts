import type { Delivery, Settings } from '../settings/settings.ts';
import type { PutMask } from './put-mask.ts';
import type { Taken } from './run.ts';

/** `no-subject`: one of several layers in which nothing was found; it was left alone. */
export type Outcome = Delivery | 'no-subject';

export interface LayerResult {
  /** For what all layers show together, the name of the document. */
  layerName: string;
  outcome: Outcome;
}

export interface Result {
  layers: LayerResult[];
  model: string;
  provider: string;
  /** Null where the edge controls cannot be applied afterwards: several layers, or no mask. */
  refinable: Refinable | null;
}

/** A mask of the last run that can be given another edge without a network run. */
export interface Refinable {
  /** Under which the server may still have the matte, for previews; null where it kept none. */
  readonly matteId: string | null;
  /** Of the matte; lengths of edge controls are pixels of this size. */
  readonly width: number;
  readonly height: number;
  readonly layerName: string;
  readonly taken: Taken;
  readonly put: PutMask;
  readonly settings: Settings;
}
