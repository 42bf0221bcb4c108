import type { Document } from 'photoshop/dom/Document.js';
import { PluginError } from '../errors.ts';
import { type Bounds, intersect, isEmpty, type Picture } from '../picture.ts';
import { withActiveLayer } from './active-layer.ts';
import { deleteMask, getHasMask, play } from './descriptors.ts';
import { asNothing } from './history.ts';
import type { Source } from './host.ts';
import { findDocument, findLayer, roundOutwards } from './layers.ts';
import type { ModalScope } from './modal-scope.ts';
import { readPixels } from './pixel-reader.ts';

/** Pixels of the source within `region`, as if it had no mask. */
export async function readPicture(scope: ModalScope, source: Source, region: Bounds, deep: boolean): Promise<Picture> {
  const document = findDocument(source.documentId);
  const { layerId } = source;
  if (layerId === null) return readPixels(scope, source, document.name, region, deep);
  const layer = findLayer(document, layerId);
  const target = { documentId: source.documentId, layerId };
  if ((await play(getHasMask(target))).hasUserMask === false) {
    return readPixels(scope, source, layer.name, region, deep);
  }
  return readWithoutMask(scope, document, { ...source, layerId }, region, deep);
}

/**
 * Photoshop applies a layer's mask to the pixels it hands out, and perhaps even one that is switched off. So the mask is
 * taken away for the moment of reading; history brings it back.
 */
function readWithoutMask(
  scope: ModalScope,
  document: Document,
  source: { documentId: number; layerId: number },
  region: Bounds,
  deep: boolean,
): Promise<Picture> {
  const layer = findLayer(document, source.layerId);
  return asNothing(scope, document, () =>
    withActiveLayer(document, source.layerId, async () => {
      if (layer.allLocked) throw new PluginError('LAYER_LOCKED', { layer: layer.name });
      await play(deleteMask());
      scope.check();
      // What the mask hid counts now.
      const visible = intersect(roundOutwards(layer.boundsNoEffects), region);
      if (isEmpty(visible)) throw new PluginError('EMPTY_LAYER', { layer: layer.name });
      return readPixels(scope, source, layer.name, visible, deep);
    }),
  );
}
