import { flatten } from './composite.ts';
import type { Descriptor } from './descriptors.ts';
import type { HostDocument } from './document.ts';
import { notAvailable } from './errors.ts';
import { type Rect, union } from './geometry.ts';
import type { HostLayer } from './layer.ts';
import { applyMask, filledMask, type LayerMask, maskFrom, maskOver } from './layer-mask.ts';
import { madeLayer, makeLayer, place } from './make-layer.ts';
import { allocate, expand, type Raster, withAlpha } from './pixels.ts';
import { documentOf, layerOf, parseTarget, type Reference } from './reference.ts';
import { saveCopy } from './save.ts';
import type { HostState } from './state.ts';

type Command = (host: HostState, descriptor: Descriptor) => Descriptor;

const enumValue = (value: unknown): string | number | undefined =>
  typeof value === 'object' && value !== null ? (value as { _value?: string | number })._value : undefined;

const numberOf = (value: unknown): number => Number(enumValue(value) ?? value);

function make(host: HostState, d: Descriptor): Descriptor {
  const wish = (d.new ?? {}) as { _class?: string; _obj?: string; name?: string };
  if (wish._obj === 'channel') return makeChannel(documentOf(host, parseTarget(undefined)), wish.name);
  if (refersTo(d._target, 'textLayer')) return makeText(host, d.using);
  const kind = madeLayer(d);
  if (kind !== null) return makeLayer(host, kind, d);
  const made = wish._class;
  const at = d.at as Reference | undefined;
  if (made !== 'channel' || at?._value !== 'mask') throw notAvailable('Make');
  const doc = documentOf(host, parseTarget(undefined));
  const layer = layerOf(doc, undefined);
  if (layer.mask || layer.isBackground || layer.locked) throw notAvailable('Make');
  layer.mask = newMask(doc, String(enumValue(d.using)));
  doc.history.record('Add Layer Mask');
  return {};
}

const refersTo = (target: unknown, kind: string) =>
  (Array.isArray(target) ? target : [target]).some((part) => (part as Reference | undefined)?._ref === kind);

/** Above the active layer; what is drawn of it is a box. */
function makeText(host: HostState, using: unknown): Descriptor {
  const text = (using as { textKey?: unknown } | undefined)?.textKey;
  if (typeof text !== 'string') throw notAvailable('Make');
  const doc = documentOf(host, parseTarget(undefined));
  const layer = doc.newLayer(text.split(/[\r\n]/)[0]!.slice(0, 31), 'text');
  const below = doc.activeLayers[0];
  layer.pixels = expand(null, doc.rect, doc.depth, 4, doc.white);
  layer.parent = below?.parent ?? null;
  const siblings = doc.siblingsOf(layer);
  siblings.splice(below ? siblings.indexOf(below) : 0, 0, layer);
  doc.activeLayers = [layer];
  doc.history.record('New Type Layer');
  return { layerID: layer.id };
}

function makeChannel(doc: HostDocument, name: string | undefined): Descriptor {
  doc.addChannel({ name: name ?? `Alpha ${doc.channels.length + 1}`, mask: filledMask(doc.rect, doc.depth, 0) });
  doc.history.record('New Channel');
  return {};
}

function newMask(doc: HostDocument, how: string): LayerMask {
  if (how === 'revealAll') return filledMask(doc.rect, doc.depth, doc.white);
  if (how === 'hideAll') return filledMask(doc.rect, doc.depth, 0);
  if (!doc.selection || (how !== 'revealSelection' && how !== 'hideSelection')) throw notAvailable('Make');
  const chosen = maskOver(doc.selection, doc.rect);
  if (how === 'revealSelection') return maskFrom(chosen, 0);
  const data = chosen.data.map((value: number) => doc.white - value);
  return maskFrom({ ...chosen, data }, doc.white);
}

function remove(host: HostState, d: Descriptor): Descriptor {
  const target = parseTarget(d._target);
  const doc = documentOf(host, target);
  const layer = layerOf(doc, target.layer);
  if (target.channel) {
    if (target.channel._value !== 'mask' || !layer.mask || layer.locked) throw notAvailable('Delete');
    if (d.apply === true) {
      if (layer.kind !== 'pixel' || !layer.pixels) throw notAvailable('Delete');
      layer.pixels = applyMask(layer.pixels, layer.mask);
    }
    layer.mask = null;
    doc.history.record(d.apply === true ? 'Apply Layer Mask' : 'Delete Layer Mask');
    return {};
  }
  if (layer.locked || doc.allLayers.length === 1) throw notAvailable('Delete');
  const siblings = doc.siblingsOf(layer);
  const index = siblings.indexOf(layer);
  siblings.splice(index, 1);
  const next = siblings[Math.min(index, siblings.length - 1)];
  doc.activeLayers = next ? [next] : [];
  doc.history.record('Delete Layer');
  return {};
}

function select(host: HostState, d: Descriptor): Descriptor {
  const target = parseTarget(d._target);
  const doc = documentOf(host, target);
  if (target.channel) return {};
  if (!target.layer) {
    if (!target.document) throw notAvailable('Select');
    host.activeDocument = doc;
    return {};
  }
  const layer = layerOf(doc, target.layer);
  const modifier = String(enumValue(d.selectionModifier) ?? '');
  if (modifier === 'addToSelection') doc.activeLayers = [...doc.activeLayers, layer];
  else if (modifier === 'removeFromSelection') doc.activeLayers = doc.activeLayers.filter((other) => other !== layer);
  else doc.activeLayers = [layer];
  if (d.makeVisible === true) layer.visible = true;
  return {};
}

function set(host: HostState, d: Descriptor): Descriptor {
  const target = parseTarget(d._target);
  const doc = documentOf(host, target);
  if (target.channel?._property === 'selection') return setSelection(doc, d.to);
  if (target.layer?._property === 'background') return convertBackground(host, doc, d);
  const to = (d.to ?? {}) as Descriptor;
  if (target.property === 'XMPMetadataAsUTF8') {
    doc.metadata = String(to.XMPMetadataAsUTF8);
    return {};
  }
  const layer = layerOf(doc, target.layer);
  for (const key of Object.keys(to)) if (!(key in setters) && key !== '_obj') throw notAvailable('Set');
  for (const [key, value] of Object.entries(to)) setters[key]?.(layer, value);
  doc.history.record('Set Layer Properties');
  return {};
}

function onMask(layer: HostLayer, change: Partial<LayerMask>): void {
  if (!layer.mask) throw notAvailable('Set');
  layer.mask = { ...layer.mask, ...change };
}

const setters: Record<string, (layer: HostLayer, value: unknown) => void> = {
  name: (layer, value) => {
    layer.name = String(value);
  },
  opacity: (layer, value) => {
    layer.opacity = numberOf(value);
  },
  mode: (layer, value) => {
    layer.blendMode = String(enumValue(value));
  },
  userMaskEnabled: (layer, value) => onMask(layer, { enabled: value === true }),
  userMaskLinked: (layer, value) => onMask(layer, { linked: value === true }),
  userMaskDensity: (layer, value) => onMask(layer, { density: numberOf(value) }),
  userMaskFeather: (layer, value) => onMask(layer, { feather: numberOf(value) }),
  layerLocking: (layer, value) => lock(layer, value as Descriptor),
};

function lock(layer: HostLayer, value: Descriptor): void {
  const all = value.protectAll === true;
  const none = value.protectNone === true;
  const part = (key: string, before: boolean) => (none ? false : ((value[key] as boolean | undefined) ?? before));
  layer.locks = {
    all,
    pixels: part('protectComposite', layer.locks.pixels),
    transparency: part('protectTransparency', layer.locks.transparency),
    position: part('protectPosition', layer.locks.position),
  };
}

function applyLocking(host: HostState, d: Descriptor): Descriptor {
  const target = parseTarget(d._target);
  const doc = documentOf(host, target);
  lock(layerOf(doc, target.layer), (d.layerLocking ?? {}) as Descriptor);
  doc.history.record('Lock Layers');
  return {};
}

function setSelection(doc: HostDocument, to: unknown): Descriptor {
  const { _enum, _value, _ref } = (to ?? {}) as { _enum?: string; _value?: string; _ref?: unknown };
  if (_enum === 'ordinal' && _value === 'none') doc.selection = null;
  else if (_enum === 'ordinal' && _value === 'allEnum') doc.selection = filledMask(doc.rect, doc.depth, doc.white);
  else {
    const source = parseTarget(Array.isArray(_ref) ? _ref : to);
    const layer = layerOf(doc, source.layer);
    const found = source.channel?._value === 'mask' ? layer.mask : transparencyOf(doc, layer, source.channel?._value);
    if (!found) throw notAvailable('Set');
    const onCanvas = maskOver(found, doc.rect);
    doc.selection = onCanvas.data.some((value) => value > 0) ? maskFrom(onCanvas, 0) : null;
  }
  doc.history.record(doc.selection ? 'Load Selection' : 'Deselect');
  return {};
}

function transparencyOf(doc: HostDocument, layer: HostLayer, channel: string | undefined): LayerMask | null {
  if (channel !== 'transparencyEnum' || !layer.pixels || layer.pixels.channels !== 4) return null;
  const { left, top, width, height, data } = layer.pixels;
  const alpha = allocate(doc.depth, width * height);
  for (let i = 0, a = 3; i < alpha.length; i++, a += 4) alpha[i] = data[a]!;
  return maskFrom({ left, top, width, height, channels: 1, data: alpha }, 0);
}

/** Layer From Background, also what layer.isBackgroundLayer = false does. */
export function convertBackground(host: HostState, doc: HostDocument, d: Descriptor): Descriptor {
  const before = doc.backgroundLayer;
  if (!before) throw notAvailable('Set');
  const to = (d.to ?? {}) as Descriptor;
  let layer = before;
  if (host.faults.backgroundConversionChangesId) {
    layer = doc.newLayer('Layer 0', before.kind, typeof d.layerID === 'number' ? d.layerID : undefined);
    layer.visible = before.visible;
    layer.pixels = before.pixels;
    doc.layers = doc.layers.map((other) => (other === before ? layer : other));
    if (doc.activeLayers.includes(before)) doc.activeLayers = doc.activeLayers.map((o) => (o === before ? layer : o));
  }
  layer.isBackground = false;
  layer.name = typeof to.name === 'string' ? to.name : 'Layer 0';
  if (to.opacity !== undefined) layer.opacity = numberOf(to.opacity);
  layer.locks = { all: false, pixels: false, transparency: false, position: false };
  if (layer.pixels) layer.pixels = withAlpha(layer.pixels);
  doc.history.record('Layer From Background');
  return {};
}

function duplicate(host: HostState, d: Descriptor): Descriptor {
  const target = parseTarget(d._target);
  const doc = documentOf(host, target);
  const source = layerOf(doc, target.layer);
  const copy = copyOf(doc, source);
  copy.name = typeof d.name === 'string' ? d.name : `${source.name} copy`;
  copy.parent = source.parent;
  const siblings = doc.siblingsOf(source);
  siblings.splice(siblings.indexOf(source), 0, copy);
  doc.activeLayers = [copy];
  doc.history.record('Duplicate Layer');
  return {};
}

export function copyOf(doc: HostDocument, source: HostLayer): HostLayer {
  const copy = doc.newLayer(source.name, source.kind);
  const { id: _, ...fields } = source;
  Object.assign(copy, fields, { isBackground: false, locks: { ...source.locks } });
  const pixels: Raster | null = source.pixels;
  copy.pixels = source.isBackground && pixels ? withAlpha(pixels) : pixels;
  copy.children = source.children.map((child) => Object.assign(copyOf(doc, child), { parent: copy }));
  return copy;
}

/** Only a copy as TIFF: for the other formats there is the object API. */
function save(host: HostState, d: Descriptor): Descriptor {
  const { _path: token } = (d.in ?? {}) as { _path?: string };
  const file = host.tokens.get(token ?? '');
  const format = (d.as as { _obj?: string } | undefined)?._obj;
  if (file === undefined || format !== 'TIFF' || d.copy !== true) throw notAvailable('Save');
  saveCopy(host, host.document(d.documentID as number), 'tiff', file);
  return {};
}

/** Merge Group: one pixel layer with what the group shows, its mask applied. Hidden layers are thrown away. */
function mergeLayers(host: HostState): Descriptor {
  const doc = documentOf(host, parseTarget(undefined));
  const group = layerOf(doc, undefined);
  if (group.kind !== 'group' || !group.visible || group.locked) throw notAvailable('Merge Layers');
  const content = withAlpha(flatten(doc, group.children, mergedRect(doc, group)));
  const merged = doc.newLayer(group.name, 'pixel');
  merged.pixels = group.mask?.enabled ? applyMask(content, group.mask) : content;
  merged.parent = group.parent;
  merged.opacity = group.opacity;
  merged.clipped = group.clipped;
  const siblings = doc.siblingsOf(group);
  siblings[siblings.indexOf(group)] = merged;
  doc.activeLayers = [merged];
  doc.history.record('Merge Group');
  return {};
}

/** Merging keeps what lies beyond the canvas. */
const mergedRect = (doc: HostDocument, group: HostLayer): Rect => union(doc.rect, group.boundsNoMask);

const visibility =
  (visible: boolean): Command =>
  (host, d) => {
    const target = parseTarget(d._target ?? d.null);
    const doc = documentOf(host, target);
    layerOf(doc, target.layer).visible = visible;
    doc.history.record(visible ? 'Show Layer' : 'Hide Layer');
    return {};
  };

/** The commands that change something. Anything else is refused, so that a test never passes on a command not simulated. */
export const commands: Record<string, Command> = {
  make,
  select,
  set,
  duplicate,
  newPlacedLayer: place,
  applyLocking,
  mergeLayersNew: mergeLayers,
  delete: remove,
  save,
  show: visibility(true),
  hide: visibility(false),
};
