import { PluginError } from '../errors.ts';
import type { DocumentFacts, LayerFacts, Marquee, Source } from '../host/host.ts';
import { type Bounds, heightOf, intersect, isEmpty, widthOf } from '../picture.ts';
import { canvasOf } from './check-layer.ts';

/** How much around a selection is read too, as a share of its longer side: a network wants to see some background. */
const MARGIN = 1 / 8;
const SMALLEST_MARGIN = 16;

/** The part of the canvas that is read: what is visible of the source, or the user's selection with some margin. */
export function regionOf(
  source: Source,
  document: DocumentFacts,
  facts: LayerFacts | null,
  marquee: Marquee | null,
): Bounds {
  const name = facts?.layerName ?? document.documentName;
  const canvas = canvasOf(document);
  // A masked layer may be larger than it says.
  const isWhole = facts === null || facts.hasMask || source.layerId === null;
  const visible = isWhole ? canvas : intersect(facts.bounds, canvas);
  if (marquee === null) return visible;
  if (isEmpty(intersect(visible, marquee.bounds))) throw new PluginError('OUTSIDE_SELECTION', { layer: name });
  const { left, top, right, bottom } = marquee.bounds;
  const longer = Math.max(widthOf(marquee.bounds), heightOf(marquee.bounds));
  const margin = Math.max(SMALLEST_MARGIN, Math.round(longer * MARGIN));
  const around = { left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin };
  return intersect(visible, around);
}
