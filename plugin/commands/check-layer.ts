import { MAX_PIXELS, MAX_SIDE } from '../../protocol/limits.ts';
import { PluginError, type PluginErrorCode } from '../errors.ts';
import type { DocumentFacts, LayerFacts } from '../host/host.ts';
import { type Bounds, intersect, isEmpty, type Picture, sameBounds } from '../picture.ts';
import type { Delivery, Settings } from '../settings/settings.ts';

/** Modes in which Photoshop has layer masks. Bitmap, Indexed Color and Multichannel have none; Duotone cannot be read. */
const MODES = ['RGBColorMode', 'CMYKColorMode', 'grayscaleMode', 'labColorMode'];

/** Throws the reason why this cannot be done to any layer of the document. */
export function checkDocument(facts: DocumentFacts, settings: Settings): void {
  if (facts.quickMask) throw new PluginError('QUICK_MASK');
  if (!MODES.includes(facts.mode)) throw new PluginError('COLOR_MODE', { mode: facts.mode });
  // The mask covers the whole canvas, so the canvas is what must fit, not only the layer.
  if (Math.max(facts.width, facts.height) > MAX_SIDE || facts.width * facts.height > MAX_PIXELS) {
    throw new PluginError('TOO_LARGE', { width: String(facts.width), height: String(facts.height) });
  }
  if (!wantsColors(settings)) return;
  // Through sRGB and back, inks and highlights would not be what they were.
  if (facts.mode !== 'RGBColorMode') throw new PluginError('COLORS_MODE', { mode: facts.mode });
  if (facts.depth === 32) throw new PluginError('COLORS_DEPTH');
}

/** Whether new pixels are made, and not only opacity. */
export function wantsColors({ delivery }: Settings): boolean {
  return delivery === 'layer' || delivery === 'mask+color';
}

/** Throws the reason why nothing can be read from this layer. */
export function checkReadable(facts: LayerFacts): void {
  const fail = failWith(facts);
  if (facts.kind === 'artboard') throw fail('ARTBOARD');
  if (facts.kind === 'adjustment') throw fail('ADJUSTMENT_LAYER');
  if (facts.kind === 'fill') throw fail('FILL_LAYER');
  // What a mask hides may count as nothing; then reading tells.
  if (facts.hasMask) return;
  if (isEmpty(facts.bounds)) throw fail('EMPTY_LAYER');
  if (isEmpty(intersect(facts.bounds, canvasOf(facts)))) throw fail('OUTSIDE_CANVAS');
}

/** Throws the reason why the result cannot be put on this layer. */
export function checkWritable(facts: LayerFacts, { delivery, existingMask }: Settings): void {
  const fail = failWith(facts);
  if (delivery === 'selection' || delivery === 'channel') return;
  if (facts.lock === 'group') throw fail('GROUP_LOCKED');
  if (!putsMask(delivery)) return;
  if (facts.kind === 'artboard') throw fail('ARTBOARD');
  if (facts.lock === 'layer') throw fail('LAYER_LOCKED');
  if (facts.hasMask && existingMask === 'ask') throw fail('MASK_EXISTS');
  if (delivery === 'mask') return;
  if (facts.kind === 'group') throw fail('GROUP');
  // What is clipped to a clipped layer shows wherever the one below does, not where the mask lets it.
  if (facts.clipped) throw fail('CLIPPED');
}

export function putsMask(delivery: Delivery): boolean {
  return delivery === 'mask' || delivery === 'mask+color';
}

export function canvasOf({ width, height }: DocumentFacts): Bounds {
  return { left: 0, top: 0, right: width, bottom: height };
}

function failWith({ layerName: layer }: LayerFacts) {
  return (code: PluginErrorCode) => new PluginError(code, { layer });
}

/**
 * The user may have worked on while the server did. Throws if the result would no longer fit. The document's name is
 * compared too: Photoshop may give the id of a closed document to the next one, and photos of a series look alike.
 */
export function checkSameDocument(before: DocumentFacts, now: DocumentFacts): void {
  const same =
    now.documentName === before.documentName &&
    now.width === before.width &&
    now.height === before.height &&
    now.mode === before.mode &&
    now.depth === before.depth;
  if (!same) throw new PluginError('DOCUMENT_CHANGED', { document: before.documentName });
}

export function checkSameLayer(before: LayerFacts, now: LayerFacts, settings: Settings): void {
  checkSameDocument(before, now);
  const layer = before.layerName;
  // The user can no longer be asked, and the server has not seen that mask.
  const needed = settings.existingMask === 'ask' || settings.existingMask === 'refine';
  if (putsMask(settings.delivery) && now.hasMask && !before.hasMask && needed) {
    throw new PluginError('MASK_ADDED', { layer });
  }
  if (!sameBounds(now.bounds, before.bounds)) throw new PluginError('LAYER_CHANGED', { layer });
  checkWritable(now, settings);
}

/** Mean difference of thumbnails, in 255ths: well above what retouching a spot makes, well below a flipped portrait. */
const LOOKS_DIFFERENT = 6;

/** A flipped or repainted layer keeps its bounds, but its mask would be wrong. `name`: of the layer or document. */
export function checkSameLook(name: string, before: Picture | null, now: Picture | null): void {
  if (before === null || now === null) return;
  const comparable = before.data.length === now.data.length && before.width === now.width;
  if (!comparable || meanDifference(before.data, now.data) > LOOKS_DIFFERENT) {
    throw new PluginError('LAYER_CHANGED', { layer: name });
  }
}

function meanDifference(a: Picture['data'], b: Picture['data']): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += Math.abs(a[index]! - b[index]!);
  return sum / Math.max(1, a.length);
}
