import { MAX_PIXELS, MAX_SIDE } from '../../protocol/limits.ts';
import { PluginError } from '../errors.ts';
import type { LayerFacts } from '../host/host.ts';
import { type Bounds, intersect, isEmpty, type Picture, sameBounds } from '../picture.ts';

/** Modes in which Photoshop has layer masks. Bitmap, Indexed Color and Multichannel have none; Duotone cannot be read. */
const MODES = ['RGBColorMode', 'CMYKColorMode', 'grayscaleMode', 'labColorMode'];

/** Answers with the part of the layer to read, or throws the reason why this layer cannot be masked. */
export function checkLayer(facts: LayerFacts): Bounds {
  const layer = facts.layerName;
  const fail = (code: ConstructorParameters<typeof PluginError>[0]) => new PluginError(code, { layer });
  if (facts.quickMask) throw fail('QUICK_MASK');
  if (!MODES.includes(facts.mode)) throw new PluginError('COLOR_MODE', { mode: facts.mode });
  if (facts.kind === 'group') throw fail('GROUP');
  if (facts.kind === 'adjustment') throw fail('ADJUSTMENT_LAYER');
  if (facts.kind === 'fill') throw fail('FILL_LAYER');
  if (facts.lock === 'layer') throw fail('LAYER_LOCKED');
  if (facts.lock === 'group') throw fail('GROUP_LOCKED');
  // getPixels would return pixels with the old mask already applied, and the new mask would replace the old one.
  if (facts.hasMask) throw fail('HAS_MASK');
  // The mask covers the whole canvas, so the canvas is what must fit, not only the layer.
  if (Math.max(facts.width, facts.height) > MAX_SIDE || facts.width * facts.height > MAX_PIXELS) {
    throw new PluginError('TOO_LARGE', { width: String(facts.width), height: String(facts.height) });
  }
  if (isEmpty(facts.bounds)) throw fail('EMPTY_LAYER');
  const region = intersect(facts.bounds, { left: 0, top: 0, right: facts.width, bottom: facts.height });
  if (isEmpty(region)) throw fail('OUTSIDE_CANVAS');
  return region;
}

/**
 * The user may have worked on while the server did. Throws if the mask would no longer fit. The document's name is
 * compared too: Photoshop may give the id of a closed document to the next one, and photos of a series look alike.
 */
export function checkUnchanged(before: LayerFacts, now: LayerFacts): void {
  const layer = before.layerName;
  if (now.documentName !== before.documentName || now.width !== before.width || now.height !== before.height) {
    throw new PluginError('DOCUMENT_CHANGED', { document: before.documentName });
  }
  if (now.mode !== before.mode || now.depth !== before.depth) {
    throw new PluginError('DOCUMENT_CHANGED', { document: before.documentName });
  }
  if (now.hasMask) throw new PluginError('MASK_ADDED', { layer });
  if (!sameBounds(now.bounds, before.bounds)) throw new PluginError('LAYER_CHANGED', { layer });
  checkLayer(now);
}

/** Mean difference of thumbnails, in 255ths: well above what retouching a spot makes, well below a flipped portrait. */
const LOOKS_DIFFERENT = 6;

/** A flipped or repainted layer keeps its bounds, but its mask would be wrong. */
export function checkSameLook(facts: LayerFacts, before: Picture | null, now: Picture | null): void {
  if (before === null || now === null) return;
  const comparable = before.data.length === now.data.length && before.width === now.width;
  if (!comparable || meanDifference(before.data, now.data) > LOOKS_DIFFERENT) {
    throw new PluginError('LAYER_CHANGED', { layer: facts.layerName });
  }
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += Math.abs(a[index]! - b[index]!);
  return sum / Math.max(1, a.length);
}
