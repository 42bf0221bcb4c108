import type { Descriptor } from './descriptors.ts';
import { notAvailable } from './errors.ts';
import { rectOf } from './geometry.ts';
import type { LayerKind } from './layer.ts';
import { expand } from './pixels.ts';
import { documentOf, layerOf, parseTarget, type Reference } from './reference.ts';
import type { HostState } from './state.ts';

/** What kind of layer the reference asks for; null: none. */
export function madeLayer(d: Descriptor): LayerKind | null {
  const [reference] = (Array.isArray(d._target) ? d._target : []) as Reference[];
  const kinds: Record<string, LayerKind> = {
    layerSection: 'group',
    adjustmentLayer: 'inversion',
    contentLayer: 'solidColor',
  };
  return kinds[reference?._ref ?? ''] ?? null;
}

/** Above the active layer, or as a group around it. Fills cover the canvas or their shape. */
export function makeLayer(host: HostState, kind: LayerKind, d: Descriptor): Descriptor {
  const doc = documentOf(host, parseTarget(undefined));
  const active = layerOf(doc, undefined);
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

/** Convert to Smart Object. */
export function place(host: HostState): Descriptor {
  const doc = documentOf(host, parseTarget(undefined));
  const layer = layerOf(doc, undefined);
  if (layer.isBackground || layer.kind === 'group' || !layer.pixels) throw notAvailable('newPlacedLayer');
  layer.kind = 'smartObject';
  doc.history.record('Convert to Smart Object');
  return {};
}
