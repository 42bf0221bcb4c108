import type { Document } from 'photoshop/dom/Document.js';
import type { Layer } from 'photoshop/dom/Layer.js';
import { PluginError, textOf } from '../errors.ts';
import type { Bounds } from '../picture.ts';
import { getHasMask, play } from './descriptors.ts';
import type { LayerFacts, LayerKind, Target } from './host.ts';
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

export function getActiveTarget(documentId?: number): Target {
  const document = documentId === undefined ? getActiveDocument() : findDocument(documentId);
  const layers = document.activeLayers;
  const layer = layers[0];
  if (layer === undefined) throw new PluginError('NO_LAYER');
  if (layers.length > 1) throw new PluginError('SEVERAL_LAYERS');
  return { documentId: document.id, layerId: layer.id };
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

export async function inspectLayer(target: Target): Promise<LayerFacts> {
  const document = findDocument(target.documentId);
  const layer = findLayer(document, target.layerId);
  return {
    target,
    documentName: document.name,
    layerName: layer.name,
    width: Math.round(document.width),
    height: Math.round(document.height),
    mode: document.mode,
    depth: depthOf(document),
    quickMask: document.quickMaskMode === true,
    kind: KINDS[layer.kind ?? 'pixel'] ?? 'adjustment',
    background: layer.isBackgroundLayer === true,
    lock: lockOf(layer),
    hasMask: await hasMask(target, layer.name),
    bounds: roundOutwards(layer.boundsNoEffects),
  };
}

/** Reads `bitDepth16` and the like; a depth that does not say its number is the usual one. */
function depthOf(document: Document): 8 | 16 | 32 {
  const bits = Number(/\d+$/.exec(String(document.bitsPerChannel))?.[0]);
  return bits === 16 || bits === 32 ? bits : 8;
}

/**
 * Only a full lock forbids masks; a layer whose pixels, transparency or position are locked can have one. The
 * Background reports locks that go away when it is converted.
 */
function lockOf(layer: Layer): LayerFacts['lock'] {
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

function roundOutwards({ left, top, right, bottom }: Bounds): Bounds {
  return { left: Math.floor(left), top: Math.floor(top), right: Math.ceil(right), bottom: Math.ceil(bottom) };
}
