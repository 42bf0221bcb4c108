import type { Document } from 'photoshop/dom/Document.js';
import type { Layer } from 'photoshop/dom/Layer.js';
import { PluginError, textOf } from '../errors.ts';
import { type Bounds, intersect, isEmpty, type Picture } from '../picture.ts';
import { withActiveLayer } from './active-layer.ts';
import { deleteMask, duplicateLayer, getHasMask, mergeLayers, play } from './descriptors.ts';
import { asNothing } from './history.ts';
import type { Source, Target } from './host.ts';
import { findDocument, findLayer, lockOf, roundOutwards } from './layers.ts';
import type { ModalScope } from './modal-scope.ts';
import { readPixels } from './pixel-reader.ts';

/** Pixels of the source within `region`, as if it had no mask. */
export async function readPicture(scope: ModalScope, source: Source, region: Bounds, deep: boolean): Promise<Picture> {
  const document = findDocument(source.documentId);
  const { documentId, layerId } = source;
  if (layerId === null) return readPixels(scope, source, document.name, region, deep);
  const target = { documentId, layerId };
  const layer = findLayer(document, layerId);
  const isGroup = layer.kind === 'group';
  if (!isGroup && !(await isMasked(target))) return readPixels(scope, source, layer.name, region, deep);
  const lock = lockOf(layer);
  if (lock !== null) throw new PluginError(lock === 'layer' ? 'LAYER_LOCKED' : 'GROUP_LOCKED', { layer: layer.name });
  return asNothing(scope, document, () =>
    withActiveLayer(document, layerId, async () => {
      const shown = isGroup ? await mergeCopy(document, layer) : await removeMask(layer, target);
      scope.check();
      // What the mask hid counts now.
      const visible = intersect(roundOutwards(shown.boundsNoEffects), region);
      if (isEmpty(visible)) throw new PluginError('EMPTY_LAYER', { layer: layer.name });
      return readPixels(scope, { documentId, layerId: shown.id }, layer.name, visible, deep);
    }),
  );
}

/**
 * Photoshop applies a layer's mask to the pixels it hands out, and perhaps even one that is switched off. So the mask is
 * taken away for the moment of reading; history brings it back.
 */
async function removeMask(layer: Layer, target: Target): Promise<Layer> {
  await play(deleteMask());
  if (await isMasked(target)) throw new PluginError('READ_FAILED', { layer: layer.name }, 'The mask did not go');
  return layer;
}

/** Groups have no pixels to hand out, so a copy of the group is made into one layer; history takes it away again. */
async function mergeCopy(document: Document, group: Layer): Promise<Layer> {
  const { id: documentId } = document;
  try {
    await play(duplicateLayer({ documentId, layerId: group.id }));
    const copy = document.activeLayers[0];
    if (copy === undefined || copy.id === group.id) throw new Error('no copy was made');
    // A hidden group would merge into nothing.
    if (!copy.visible) copy.visible = true;
    if (await isMasked({ documentId, layerId: copy.id })) await play(deleteMask());
    await play(mergeLayers());
    const merged = document.activeLayers[0];
    if (merged === undefined || merged.kind === 'group') throw new Error('the copy was not merged');
    return merged;
  } catch (thrown) {
    throw new PluginError('READ_FAILED', { layer: group.name }, textOf(thrown));
  }
}

async function isMasked(target: Target): Promise<boolean> {
  return (await play(getHasMask(target))).hasUserMask !== false;
}
