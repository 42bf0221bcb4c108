import type { Document } from 'photoshop/dom/Document.js';
import type { Layer } from 'photoshop/dom/Layer.js';
import { PluginError, textOf } from '../errors.ts';
import type { Bounds } from '../picture.ts';
import { getArtboard, getBoundsNoMask, getHasMask, play } from './descriptors.ts';
import type { DocumentFacts, LayerFacts, LayerKind, SelectedLayers, Target } from './host.ts';
import { isBusy } from './modal-scope.ts';
import { app } from './uxp.ts';

/** Photoshop's kinds by what they mean for us. Any other is an adjustment: newer versions only ever added those. */
const KINDS: Record<string, LayerKind> = {
  pixel: 'picture',
  text: 'picture',
  smartObject: 'picture',
  video: 'picture',
  threeD: 'picture',
  group: 'group',
  solidColor: 'fill',
  gradientFill: 'fill',
  pattern: 'fill',
};

export function getSelectedLayers(documentId?: number): SelectedLayers {
  const document = documentId === undefined ? getActiveDocument() : findDocument(documentId);
  return { documentId: document.id, layerIds: Array.from(document.activeLayers, ({ id }) => id) };
}

function getActiveDocument(): Document {
  // Typed as never null, but it is when nothing is open; some versions throw instead.
  let document: Document | null;
  try {
    document = app.activeDocument;
  } catch {
    document = null;
  }
  if (!document) throw new PluginError('NO_DOCUMENT');
  return document;
}

export function findDocument(documentId: number): Document {
  const { documents } = app;
  for (let index = 0; index < documents.length; index++) {
    const document = documents[index];
    if (document?.id === documentId) return document;
  }
  throw new PluginError('DOCUMENT_CLOSED');
}

export function findLayer(document: Document, layerId: number): Layer {
  // Every look at a layer is a call into Photoshop; the one we want is nearly always still selected.
  const layer = findIn(document.activeLayers, layerId) ?? findIn(document.layers, layerId);
  if (layer === null) throw new PluginError('LAYER_DELETED');
  return layer;
}

function findIn(layers: ArrayLike<Layer> | null, layerId: number): Layer | null {
  for (let index = 0; index < (layers?.length ?? 0); index++) {
    const layer = layers?.[index];
    if (layer === undefined) continue;
    if (layer.id === layerId) return layer;
    const inside = findIn(layer.layers, layerId);
    if (inside !== null) return inside;
  }
  return null;
}

export function inspectDocument(documentId: number): DocumentFacts {
  return factsOf(findDocument(documentId));
}

function factsOf(document: Document): DocumentFacts {
  return {
    documentName: document.name,
    width: Math.round(document.width),
    height: Math.round(document.height),
    mode: document.mode,
    depth: depthOf(document),
    quickMask: document.quickMaskMode === true,
  };
}

export async function inspectLayer(target: Target): Promise<LayerFacts> {
  const document = findDocument(target.documentId);
  const layer = findLayer(document, target.layerId);
  const masked = await hasMask(target, layer.name);
  return {
    ...factsOf(document),
    target,
    layerName: layer.name,
    kind: await kindOf(layer, target),
    background: layer.isBackgroundLayer === true,
    clipped: layer.isClippingMask === true,
    lock: lockOf(layer),
    hasMask: masked,
    bounds: roundOutwards((masked ? await boundsWithoutMask(target) : null) ?? layer.boundsNoEffects),
  };
}

async function kindOf(layer: Layer, target: Target): Promise<LayerKind> {
  const kind = KINDS[layer.kind ?? 'pixel'] ?? 'adjustment';
  if (kind !== 'group') return kind;
  const { artboardEnabled } = await play(getArtboard(target)).catch(() => ({ artboardEnabled: false }));
  return artboardEnabled === true ? 'artboard' : 'group';
}

/** What a mask hides may not count for a layer's bounds. Null where Photoshop does not say. */
export async function boundsWithoutMask(target: Target): Promise<Bounds | null> {
  const { boundsNoMask } = await play(getBoundsNoMask(target)).catch(() => ({ boundsNoMask: null }));
  if (typeof boundsNoMask !== 'object' || boundsNoMask === null) return null;
  const side = (name: keyof Bounds) => Number(boundsNoMask[name]?._value ?? boundsNoMask[name]);
  const bounds = { left: side('left'), top: side('top'), right: side('right'), bottom: side('bottom') };
  return Object.values(bounds).every(Number.isFinite) ? bounds : null;
}

/** Reads `bitDepth16` and the like; a depth that does not say its number is the usual one. */
export function depthOf(document: Document): 8 | 16 | 32 {
  const bits = Number(/\d+$/.exec(String(document.bitsPerChannel))?.[0]);
  return bits === 16 || bits === 32 ? bits : 8;
}

/**
 * Only a full lock forbids masks; a layer whose pixels, transparency or position are locked can have one. The
 * Background reports locks that go away when it is converted.
 */
export function lockOf(layer: Layer): LayerFacts['lock'] {
  if (layer.allLocked && !layer.isBackgroundLayer) return 'layer';
  for (let group = layer.parent; group; group = group.parent) {
    if (group.allLocked) return 'group';
  }
  return null;
}

/** An answer that is not a plain no counts as yes: better to refuse than to overwrite. */
async function hasMask(target: Target, layer: string): Promise<boolean> {
  try {
    return (await play(getHasMask(target))).hasUserMask !== false;
  } catch (thrown) {
    throw new PluginError(isBusy(thrown) ? 'PHOTOSHOP_BUSY' : 'READ_FAILED', { layer }, textOf(thrown));
  }
}

export function roundOutwards({ left, top, right, bottom }: Bounds): Bounds {
  return { left: Math.floor(left), top: Math.floor(top), right: Math.ceil(right), bottom: Math.ceil(bottom) };
}
