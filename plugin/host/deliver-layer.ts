import type { Document } from 'photoshop/dom/Document.js';
import type { Layer } from 'photoshop/dom/Layer.js';
import { type HostWords, nameAfter } from '../../words/panel/host-words.ts';
import type { Picture } from '../picture.ts';
import { selectLayers } from './active-layer.ts';
import { findLayer } from './layers.ts';
import type { ModalScope } from './modal-scope.ts';
import { addLayer } from './new-layer.ts';
import { constants } from './uxp.ts';

/** A new layer above the original that looks like it, and the original hidden. */
export async function addCutout(
  scope: ModalScope,
  document: Document,
  layerId: number | null,
  pixels: Picture,
  words: HostWords,
): Promise<string> {
  const original = layerId === null ? null : findLayer(document, layerId);
  const selected = Array.from(document.activeLayers, ({ id }) => id);
  const name = nameAfter(words.cutout, original?.name ?? document.name);
  const clipped = original?.isClippingMask === true;
  // What shows now is hidden then: the original, or everything.
  const shown = original === null ? Array.from(document.layers).filter(({ visible }) => visible) : [original];
  const layer = await addLayer(scope, document, { name, pixels, below: original, clipped });
  if (original !== null) copyLook(original, layer);
  for (const { id } of shown) findLayer(document, id).visible = false;
  if (original !== null && !selected.includes(original.id)) await selectLayers(document, selected);
  return layer.name;
}

/** Colors for the soft edges of a layer, on a layer that is clipped to it. */
export async function addColors(
  scope: ModalScope,
  document: Document,
  layerId: number,
  pixels: Picture,
  share: number,
  words: HostWords,
): Promise<void> {
  const original = findLayer(document, layerId);
  const selected = Array.from(document.activeLayers, ({ id }) => id);
  const name = nameAfter(words.colors, original.name);
  const layer = await addLayer(scope, document, { name, pixels, below: original, clipped: true });
  if (share < 1) layer.opacity = Math.round(share * 100);
  await selectLayers(document, selected);
}

function copyLook(from: Layer, to: Layer): void {
  if (from.isBackgroundLayer) return;
  const { blendMode, opacity } = from;
  // Only groups can let through.
  if (blendMode !== constants.BlendMode.PASSTHROUGH && blendMode !== to.blendMode) to.blendMode = blendMode;
  if (opacity !== to.opacity) to.opacity = opacity;
}
