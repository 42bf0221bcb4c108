import type { Document } from 'photoshop/dom/Document.js';
import type { imaging as Imaging } from 'photoshop/dom/ImagingModule.js';
import type { Layer } from 'photoshop/dom/Layer.js';
import { PluginError, textOf } from '../errors.ts';
import type { Picture } from '../picture.ts';
import { selectLayers, withActiveDocument } from './active-layer.ts';
import { findLayer } from './layers.ts';
import type { ModalScope } from './modal-scope.ts';
import { constants, imaging } from './uxp.ts';

export interface NewLayer {
  name: string;
  pixels: Picture;
  /** The layer right below the new one; null: on top of everything. */
  below: Layer | null;
  clipped: boolean;
}

/** Adds a layer with these pixels at their place, and leaves it active. */
export async function addLayer(scope: ModalScope, document: Document, wish: NewLayer): Promise<Layer> {
  try {
    return await withActiveDocument(document, () => add(scope, document, wish));
  } catch (thrown) {
    scope.check();
    if (thrown instanceof PluginError) throw thrown;
    throw new PluginError('LAYER_FAILED', { layer: wish.name }, textOf(thrown));
  }
}

async function add(scope: ModalScope, document: Document, wish: NewLayer): Promise<Layer> {
  const { name, pixels, below, clipped } = wish;
  const riders = below === null ? [] : clippedTo(document, below);
  // A new layer comes into the group that is active, and a locked one takes none.
  const base = below === null ? Array.from(document.layers).find(({ kind }) => kind !== 'group') : undefined;
  if (base !== undefined) await selectLayers(document, [base.id]);
  const layer = await document.createPixelLayer({ name });
  if (layer === null) throw new PluginError('LAYER_FAILED', { layer: name }, 'no layer was made');
  scope.check();
  await withPixelData(pixels, async (imageData) => {
    const { left, top, width, height } = pixels;
    const targetBounds = { left, top, width, height };
    const ids = { documentID: document.id, layerID: layer.id };
    await imaging.putPixels({ ...ids, imageData, replace: true, targetBounds, commandName: scope.name });
  });
  scope.check();
  const { PLACEBEFORE } = constants.ElementPlacement;
  const top = document.layers[0];
  if (below !== null) layer.move(below, PLACEBEFORE);
  else if (top !== undefined && top.id !== layer.id) layer.move(top, PLACEBEFORE);
  clip(layer, clipped);
  // A layer put between others may join them, or set them free: what was clipped before is clipped after.
  for (const rider of riders) clip(findLayer(document, rider), true);
  checkPlace(document, layer, pixels);
  return layer;
}

function clip(layer: Layer, clipped: boolean): void {
  if (layer.isClippingMask === clipped) return;
  layer.isClippingMask = clipped;
  if (layer.isClippingMask !== clipped) {
    throw new PluginError('LAYER_FAILED', { layer: layer.name }, `clipping stayed ${layer.isClippingMask}`);
  }
}

/** Ids of the layers that are clipped to this one, or with it to one below; from the bottom. */
function clippedTo(document: Document, base: Layer): number[] {
  const siblings = Array.from(base.parent?.layers ?? document.layers);
  const ids: number[] = [];
  for (let index = siblings.findIndex(({ id }) => id === base.id) - 1; index >= 0; index--) {
    const above = siblings[index]!;
    if (!above.isClippingMask) break;
    ids.push(above.id);
  }
  return ids;
}

/** Pixels at the wrong place are worse than none. */
function checkPlace(document: Document, layer: Layer, { left, top, width, height }: Picture): void {
  const { bounds } = findLayer(document, layer.id);
  const inside =
    bounds.left >= left && bounds.top >= top && bounds.right <= left + width && bounds.bottom <= top + height;
  if (!inside) throw new PluginError('LAYER_FAILED', { layer: layer.name }, 'Photoshop put the pixels elsewhere');
}

async function withPixelData(
  { width, height, channels, depth, profile, data }: Picture,
  use: (imageData: Imaging.PhotoshopImageData) => Promise<void>,
): Promise<void> {
  const imageData = await imaging.createImageDataFromBuffer(data, {
    ...{ width, height, components: channels, chunky: true, colorSpace: 'RGB', fullRange: depth === 16 },
    ...(profile === null ? {} : { colorProfile: profile }),
  });
  try {
    await use(imageData);
  } finally {
    imageData.dispose();
  }
}
