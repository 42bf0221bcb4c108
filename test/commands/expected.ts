import type { MaskPolicy, Settings } from '../../plugin/settings/settings.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import { flatten } from '../../simulator/composite.ts';
import { type Rect, union } from '../../simulator/geometry.ts';
import type { Faults, HostDocument, HostLayer, LayerMask, Raster } from '../../simulator/index.ts';
import { whiteOf } from '../../simulator/index.ts';
import { CLEAN_BLUE, edgeFor, isSoft, isUnclear, opacityFor, refinedFor } from './picture-client.ts';

/**
 * What a run must do to a document, worked out pixel by pixel from the settings and from nothing that the plugin is made
 * of. All values are 0..1, NaN where rounding decides; masks, channels and the selection are over the canvas.
 */
export interface ExpectedLayer {
  id: number | 'new';
  name: string;
  kind: string;
  visible: boolean;
  opacity: number;
  blendMode: string;
  isBackground: boolean;
  clipped: boolean;
  mask: Float64Array | null;
  /** Density and feather of the mask. */
  look: readonly [number, number];
  /** Null: as it was. */
  pixels: Float64Array | null;
  children: ExpectedLayer[];
}

export interface Expected {
  layers: ExpectedLayer[];
  channels: { name: string; values: Float64Array }[];
  selection: Float64Array | null;
  active: (number | 'new')[];
  history: string;
}

/** `values`: what was found, for each of the layers that show something. */
export type Prediction = { refusal: string } | { expected: Expected; values: Float64Array[] };

interface Found {
  layer: HostLayer | null;
  /** Where the picture had pixels: the box around them. */
  box: Rect;
  shown: Raster;
  values: Float64Array;
  /** What was found before the edge controls and the selection; the picture alone, or with the mask that is refined. */
  plain: (x: number, y: number) => number;
  /** How much of each pixel of the canvas was looked at. */
  cover: Float64Array;
}

const NAMES = {
  mask: 'Hairline mask',
  selection: 'Hairline selection',
  channel: 'Hairline channel',
  layer: 'Hairline cutout',
  'mask+color': 'Hairline mask and colors',
};

export function predict(doc: HostDocument, settings: Settings, faults: Faults): Prediction {
  const refusal = refuse(doc, settings, faults);
  if (refusal) return { refusal };
  const layers =
    settings.source === 'composite' ? [takesMask(settings) ? doc.activeLayers[0]! : null] : doc.activeLayers;
  const found: Found[] = [];
  for (const layer of layers) {
    const one = find(doc, layer, settings, faults);
    if (typeof one === 'string') return { refusal: one };
    found.push(one);
  }
  const seen = found.filter(({ values }) => values.some((value) => value > 0.05));
  if (seen.length === 0) return { refusal: 'NO_SUBJECT' };
  return { expected: deliver(doc, seen, settings), values: seen.map(({ values }) => values) };
}

const takesMask = ({ delivery }: Settings) => delivery === 'mask' || delivery === 'mask+color';
const makesColors = ({ delivery }: Settings) => delivery === 'layer' || delivery === 'mask+color';
const isLockedAround = (layer: HostLayer) => layer.parent?.locked ?? false;

function refuse(doc: HostDocument, settings: Settings, faults: Faults): string | null {
  if (doc.quickMask) return 'QUICK_MASK';
  if (!['RGB', 'CMYK', 'Grayscale', 'Lab'].includes(doc.mode)) return 'COLOR_MODE';
  if (makesColors(settings) && doc.mode !== 'RGB') return 'COLORS_MODE';
  if (makesColors(settings) && doc.depth === 32) return 'COLORS_DEPTH';
  const needsLayer = settings.source === 'layers' || takesMask(settings);
  if (!needsLayer) return null;
  if (doc.activeLayers.length === 0) return 'NO_LAYER';
  if (settings.source === 'composite' && doc.activeLayers.length > 1) return 'SEVERAL_LAYERS';
  for (const layer of doc.activeLayers) {
    const reason =
      (settings.source === 'layers' ? refuseRead(doc, layer, faults) : null) ?? refuseWrite(layer, settings);
    if (reason) return reason;
  }
  return null;
}

function refuseRead(doc: HostDocument, layer: HostLayer, faults: Faults): string | null {
  if (layer.artboard) return 'ARTBOARD';
  if (layer.kind === 'curves') return 'ADJUSTMENT_LAYER';
  if (layer.kind === 'solidColor') return 'FILL_LAYER';
  // What a mask hides is not known before reading.
  if (layer.mask) return null;
  const box = layer.boundsFor(faults);
  if (isEmptyRect(box)) return 'EMPTY_LAYER';
  if (isEmptyRect(overlap(box, doc.rect))) return 'OUTSIDE_CANVAS';
  return null;
}

function refuseWrite(layer: HostLayer, settings: Settings): string | null {
  if (settings.delivery === 'selection' || settings.delivery === 'channel') return null;
  if (isLockedAround(layer)) return 'GROUP_LOCKED';
  if (!takesMask(settings)) return null;
  if (layer.artboard) return 'ARTBOARD';
  if (layer.locks.all && !layer.isBackground) return 'LAYER_LOCKED';
  if (layer.mask && settings.existingMask === 'ask') return 'MASK_EXISTS';
  if (settings.delivery === 'mask') return null;
  if (layer.kind === 'group') return 'GROUP';
  return layer.clipped ? 'CLIPPED' : null;
}

/** Reads what the server is sent, and what it finds there. A string: why not. */
function find(doc: HostDocument, layer: HostLayer | null, settings: Settings, faults: Faults): Found | string {
  const own = settings.source === 'layers' ? layer : null;
  const shown = own ? unmasked(doc, own) : flatten(doc, doc.layers, doc.rect);
  const whole = !own || own.mask ? doc.rect : overlap(own.boundsFor(faults), doc.rect);
  let region = whole;
  const chosen = doc.selection ? valuesOf(doc, doc.selection) : null;
  if (chosen) {
    const marquee = boxOf(doc.width, doc.height, (x, y) => chosen[y * doc.width + x]! > 0);
    if (isEmptyRect(overlap(marquee, whole))) return 'OUTSIDE_SELECTION';
    region = overlap(whole, around(marquee));
  }
  if (own?.mask || own?.kind === 'group') {
    if (own.locks.all) return 'LAYER_LOCKED';
    if (isLockedAround(own)) return 'GROUP_LOCKED';
  }
  const visible = shown ? overlap(region, rectOf(shown)) : region;
  if (!shown || isEmptyRect(visible)) return 'EMPTY_LAYER';
  const opaque = (x: number, y: number) => shown.channels === 3 || at(shown, x, y, 3) > 0;
  const box = boxOf(doc.width, doc.height, (x, y) => contains(visible, x, y) && opaque(x, y));
  if (isEmptyRect(box)) return 'EMPTY_LAYER';
  const refined = layer?.mask && settings.existingMask === 'refine' && takesMask(settings) ? layer.mask : null;
  const guide = refined ? valuesOf(doc, refined) : null;
  if (guide && isFlat(doc, guide, box)) return 'FLAT_MASK';
  const plain = (x: number, y: number) => {
    const red = opacityFor(at(shown, x, y, 0));
    return guide ? refinedFor(red, guide[y * doc.width + x]!) : red;
  };
  const values = new Float64Array(doc.width * doc.height);
  const cover = new Float64Array(doc.width * doc.height);
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) {
      const index = y * doc.width + x;
      cover[index] = chosen ? chosen[index]! : 1;
      values[index] = edgeFor(plain(x, y), settings.edge as EdgeRequest) * cover[index]!;
    }
  }
  return { layer, box, shown, values, plain, cover };
}

function isFlat(doc: HostDocument, values: Float64Array, box: Rect): boolean {
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) {
      if (values[y * doc.width + x] !== values[box.top * doc.width + box.left]) return false;
    }
  }
  return true;
}

function unmasked(doc: HostDocument, layer: HostLayer): Raster | null {
  return layer.kind === 'group' ? flatten(doc, layer.children, union(doc.rect, layer.boundsNoMask)) : layer.pixels;
}

const around = (box: Rect): Rect => {
  const longer = Math.max(box.right - box.left, box.bottom - box.top);
  const margin = Math.max(16, Math.round(longer / 8));
  const { left, top, right, bottom } = box;
  return { left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin };
};

function deliver(doc: HostDocument, found: readonly Found[], settings: Settings): Expected {
  const expected = describe(doc);
  expected.history = NAMES[settings.delivery];
  if (settings.delivery === 'selection') {
    expected.selection = found
      .map(({ values }) => values)
      .reduce((sum, values) => sum.map((v, i) => Math.max(v, values[i]!)));
  }
  for (const one of found) {
    if (settings.delivery === 'channel') addChannel(expected, 'Hairline', one.values);
    else if (settings.delivery === 'layer') addCutout(doc, expected, one, settings);
    else if (takesMask(settings)) putMask(doc, expected, one, settings);
  }
  return expected;
}

export function combine(
  policy: MaskPolicy,
  old: Float64Array,
  values: Float64Array,
  cover?: Float64Array,
): Float64Array {
  const ways: Record<MaskPolicy, (a: number, b: number, share: number) => number> = {
    refine: (a, b, share) => b + a * (1 - share),
    ask: (_a, b) => b,
    replace: (_a, b) => b,
    intersect: (a, b) => Math.min(a, b),
    add: (a, b) => Math.max(a, b),
    subtract: (a, b) => Math.min(a, 1 - b),
  };
  return values.map((value, index) => ways[policy](old[index]!, value, cover?.[index] ?? 1));
}

function putMask(
  doc: HostDocument,
  expected: Expected,
  { layer, values, box, shown, plain, cover }: Found,
  settings: Settings,
): void {
  const place = locate(expected.layers, layer!.id)!;
  const target = place.siblings[place.index]!;
  if (target.isBackground) Object.assign(target, { isBackground: false, name: 'Layer 0' });
  const old = target.mask;
  target.mask = values;
  if (old) {
    addChannel(expected, `${target.name} mask`, old);
    target.mask = combine(settings.existingMask, old, values, cover);
    if (settings.existingMask === 'replace') target.look = [100, 0];
  }
  if (settings.delivery === 'mask' || settings.edge.decontaminate === 0) return;
  const pixels = paint(doc, box, (x, y) => {
    const [red, green, blue] = [0, 1, 2].map((channel) => at(shown, x, y, channel));
    const own = shown.channels === 4 ? at(shown, x, y, 3) : 1;
    if (isUnclear(plain(x, y))) return UNCLEAR;
    const fixed = isSoft(plain(x, y)) && own > 0 && Math.abs(CLEAN_BLUE - blue!) > 0.01;
    return fixed ? [red!, green!, CLEAN_BLUE, 1] : null;
  });
  if (pixels.every((value) => value === 0)) return;
  const clean = newLayer(`${target.name} colors`, pixels, true);
  clean.opacity = Math.round(settings.edge.decontaminate * 100);
  place.siblings.splice(place.index, 0, clean);
}

function addCutout(
  doc: HostDocument,
  expected: Expected,
  { layer, values, box, shown }: Found,
  settings: Settings,
): void {
  const selection = doc.selection ? valuesOf(doc, doc.selection) : null;
  const pixels = paint(doc, box, (x, y) => {
    const red = at(shown, x, y, 0);
    const plain = opacityFor(red);
    const own = shown.channels === 4 ? at(shown, x, y, 3) : 1;
    const chosen = selection ? selection[y * doc.width + x]! : 1;
    if (isUnclear(plain)) return UNCLEAR;
    const blue = isSoft(plain) ? CLEAN_BLUE : at(shown, x, y, 2);
    return [red, at(shown, x, y, 1), blue, edgeFor(plain, settings.edge as EdgeRequest) * own * chosen];
  });
  if (settings.source === 'composite' || !layer) {
    for (const one of expected.layers) one.visible = false;
    expected.layers.unshift(newLayer(`${doc.name} cut-out`, pixels, false));
    expected.active = ['new'];
    return;
  }
  const { siblings, index } = locate(expected.layers, layer.id)!;
  const original = siblings[index]!;
  const cutout = newLayer(`${original.name} cut-out`, pixels, original.clipped);
  if (!layer.isBackground) {
    cutout.opacity = original.opacity;
    if (original.blendMode !== 'passThrough') cutout.blendMode = original.blendMode;
  }
  original.visible = false;
  siblings.splice(index, 0, cutout);
  // The new layer is where the user goes on; values are unused otherwise.
  void values;
  expected.active = ['new'];
}

function newLayer(name: string, pixels: Float64Array, clipped: boolean): ExpectedLayer {
  const plain = { kind: 'pixel', visible: true, opacity: 100, blendMode: 'normal', isBackground: false };
  return { id: 'new', name, ...plain, clipped, mask: null, look: [100, 0], pixels, children: [] };
}

export function addChannel(expected: Expected, wanted: string, values: Float64Array): void {
  const taken = expected.channels.map(({ name }) => name);
  let name = wanted;
  for (let number = 2; taken.includes(name); number++) name = `${wanted} ${number}`;
  expected.channels.push({ name, values });
}

/** Not worth comparing. */
const UNCLEAR = [NaN, NaN, NaN, NaN];

/** Rounded to nothing, such a pixel has no color. */
const FAINT = 3 / 255;

/** RGBA over the canvas; all zero where `color` says nothing or nothing visible. */
function paint(doc: HostDocument, box: Rect, color: (x: number, y: number) => readonly number[] | null): Float64Array {
  const out = new Float64Array(doc.width * doc.height * 4);
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) {
      const rgba = color(x, y);
      if (rgba && !(rgba[3]! <= 0))
        out.set(rgba[3]! < FAINT ? [NaN, NaN, NaN, rgba[3]!] : rgba, (y * doc.width + x) * 4);
    }
  }
  return out;
}

export function locate(layers: ExpectedLayer[], id: number): { siblings: ExpectedLayer[]; index: number } | null {
  const index = layers.findIndex((layer) => layer.id === id);
  if (index >= 0) return { siblings: layers, index };
  for (const { children } of layers) {
    const inside = locate(children, id);
    if (inside) return inside;
  }
  return null;
}

export const lookOf = ({ mask }: HostLayer): readonly [number, number] => [mask?.density ?? 100, mask?.feather ?? 0];

/** The document as it is. */
export function describe(doc: HostDocument): Expected {
  const describeLayer = (layer: HostLayer): ExpectedLayer => {
    const { id, name, kind, visible, opacity, blendMode, isBackground, clipped } = layer;
    const mask = layer.mask ? valuesOf(doc, layer.mask) : null;
    const look = lookOf(layer);
    const children = layer.children.map(describeLayer);
    return { id, name, kind, visible, opacity, blendMode, isBackground, clipped, mask, look, pixels: null, children };
  };
  return {
    layers: doc.layers.map(describeLayer),
    channels: doc.channels.map(({ name, mask }) => ({ name, values: valuesOf(doc, mask) })),
    selection: doc.selection ? valuesOf(doc, doc.selection) : null,
    active: doc.activeLayers.map(({ id }) => id),
    history: '',
  };
}

export function valuesOf(doc: HostDocument, mask: LayerMask): Float64Array {
  const values = new Float64Array(doc.width * doc.height);
  for (let y = 0, index = 0; y < doc.height; y++) {
    for (let x = 0; x < doc.width; x++, index++) {
      const [column, row] = [x - mask.left, y - mask.top];
      const inside = column >= 0 && row >= 0 && column < mask.width && row < mask.height;
      values[index] = (inside ? mask.data[row * mask.width + column]! : mask.outside) / doc.white;
    }
  }
  return values;
}

/** One sample as it looks in sRGB. */
export function at(raster: Raster, x: number, y: number, channel: number): number {
  const [column, row] = [x - raster.left, y - raster.top];
  const inside = column >= 0 && row >= 0 && column < raster.width && row < raster.height;
  if (!inside) return 0;
  const { data } = raster;
  const value = data[(row * raster.width + column) * raster.channels + channel]!;
  if (data instanceof Float32Array) return channel === 3 ? value : toSrgb(value);
  return value / whiteOf(data instanceof Uint8Array ? 8 : 16);
}

const toSrgb = (v: number) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
const rectOf = ({ left, top, width, height }: Raster): Rect => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});
const isEmptyRect = (r: Rect) => r.right <= r.left || r.bottom <= r.top;
const contains = (r: Rect, x: number, y: number) => x >= r.left && x < r.right && y >= r.top && y < r.bottom;
const overlap = (a: Rect, b: Rect): Rect => ({
  left: Math.max(a.left, b.left),
  top: Math.max(a.top, b.top),
  right: Math.min(a.right, b.right),
  bottom: Math.min(a.bottom, b.bottom),
});

function boxOf(width: number, height: number, has: (x: number, y: number) => boolean): Rect {
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!has(x, y)) continue;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
    }
  }
  return box;
}
