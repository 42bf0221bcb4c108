import type { Descriptor } from './descriptors.ts';
import type { HostDocument } from './document.ts';
import { notAvailable } from './errors.ts';
import { rectOf } from './geometry.ts';
import type { HostLayer, LayerKind } from './layer.ts';
import { expand, withoutAlpha } from './pixels.ts';
import { documentOf, layerOf, parseTarget, type Reference } from './reference.ts';
import type { HostState } from './state.ts';

/** What kind of layer the reference asks for; null: none. */
export function madeLayer(d: Descriptor): LayerKind | 'background' | null {
  const [reference] = (Array.isArray(d._target) ? d._target : []) as Reference[];
  const kinds: Record<string, LayerKind | 'background'> = {
    backgroundLayer: 'background',
    layerSection: 'group',
    adjustmentLayer: 'inversion',
    contentLayer: 'solidColor',
  };
  return kinds[reference?._ref ?? ''] ?? null;
}

/** Above the active layer, or as a group around it. Fills cover the canvas or their shape. */
export function makeLayer(host: HostState, kind: LayerKind | 'background', d: Descriptor): Descriptor {
  const doc = documentOf(host, parseTarget(undefined));
  const active = layerOf(doc, undefined);
  if (kind === 'background') return makeBackground(doc, active);
  const layer = doc.newLayer(kind, kind);
  const siblings = doc.siblingsOf(active);
  layer.parent = active.parent;
  if (kind === 'group') {
    siblings[siblings.indexOf(active)] = layer;
    layer.children = [active];
    active.parent = layer;
  } else {
    siblings.splice(siblings.indexOf(active), 0, layer);
    const { shape } = (d.using ?? {}) as { shape?: Record<string, { _value: number }> };
    const side = (name: string) => shape?.[name]?._value ?? 0;
    const rect = shape
      ? rectOf(side('left'), side('top'), side('right') - side('left'), side('bottom') - side('top'))
      : doc.rect;
    if (kind === 'solidColor') layer.pixels = expand(null, rect, doc.depth, 4, doc.white);
  }
  doc.activeLayers = [layer];
  doc.history.record('Make');
  return {};
}

/** Background From Layer. */
function makeBackground(doc: HostDocument, layer: HostLayer): Descriptor {
  if (doc.backgroundLayer || layer.kind !== 'pixel') throw notAvailable('Make');
  const raster = expand(layer.pixels, doc.rect, doc.depth, 4, 0);
  Object.assign(layer, { isBackground: true, name: 'Background', pixels: withoutAlpha(raster, true) });
  doc.layers = [...doc.layers.filter((other) => other !== layer), layer];
  doc.history.record('Background From Layer');
  return {};
}

/** Convert to Smart Object. */
export function place(host: HostState): Descriptor {
  const doc = documentOf(host, parseTarget(undefined));
  const layer = layerOf(doc, undefined);
  if (layer.isBackground || layer.kind === 'group' || !layer.pixels) throw notAvailable('newPlacedLayer');
  layer.kind = 'smartObject';
  doc.history.record('Convert to Smart Object');
  return {};
}
