import { initializeCanvas, type Psd, type Layer as PsdLayer, writePsdUint8Array } from 'ag-psd';
import { adjustmentOf } from './adjustment.ts';
import { flatten } from './composite.ts';
import { HostDocument } from './document.ts';
import type { HostLayer, LayerKind } from './layer.ts';
import type { LayerMask } from './layer-mask.ts';
import { convertColor, convertDepth, type Raster, withAlpha, withoutAlpha } from './pixels.ts';
import { type Picture, readInRgb } from './psd-modes.ts';
import { recodePsd } from './psd-recode.ts';
import { type LayerRecord, readRecords } from './psd-records.ts';

// ag-psd wants a browser canvas; with useImageData it only ever needs the pixel buffer.
initializeCanvas(
  () => {
    throw new Error('ag-psd asked for a canvas');
  },
  (width, height) => ({ width, height, data: new Uint8ClampedArray(width * height * 4) }) as never,
);

/** What a file said beyond what the simulator models (text, smart objects, effects): written back on save. */
const originals = new WeakMap<object, object>();

const adjustments: Record<string, LayerKind> = {
  'brightness/contrast': 'brightnessContrast',
  levels: 'levels',
  curves: 'curves',
  exposure: 'exposure',
  vibrance: 'vibrance',
  'hue/saturation': 'hueSaturation',
  'color balance': 'colorBalance',
  'black & white': 'blackAndWhite',
  'photo filter': 'photoFilter',
  'channel mixer': 'channelMixer',
  'color lookup': 'colorLookup',
  invert: 'inversion',
  posterize: 'posterize',
  threshold: 'threshold',
  'gradient map': 'gradientMap',
  'selective color': 'selectiveColor',
};

type FileBlendMode = NonNullable<PsdLayer['blendMode']>;
/** Names that ag-psd has; plugins see the same without spaces, but for the last two. */
const fileBlendModes: readonly FileBlendMode[] = [
  ...([
    'pass through',
    'normal',
    'dissolve',
    'darken',
    'multiply',
    'color burn',
    'linear burn',
    'darker color',
  ] as const),
  ...(['lighten', 'screen', 'color dodge', 'linear dodge', 'lighter color', 'overlay', 'soft light'] as const),
  ...(['hard light', 'vivid light', 'linear light', 'pin light', 'hard mix', 'difference', 'exclusion'] as const),
  ...(['hue', 'saturation', 'color', 'luminosity', 'subtract', 'divide'] as const),
];
const shownName = (name: FileBlendMode): string =>
  ({ subtract: 'blendSubtraction', divide: 'blendDivide' })[name as string] ??
  name.replace(/ (.)/g, (_, letter: string) => letter.toUpperCase());
const shownBlendModes = new Map(fileBlendModes.map((name) => [shownName(name), name]));

/** Number of the resource that names the channel of Quick Mask mode. */
const QUICK_MASK = 1022;

/** Reads an 8-bit file written by Photoshop or by savePsd. */
export function documentFromPsd(id: number, bytes: Uint8Array, name: string): HostDocument {
  const { psd, mode } = readInRgb(bytes);
  const { resources, layers: records } = readRecords(bytes);
  const resolution = psd.imageResources?.resolutionInfo?.horizontalResolution ?? 72;
  const doc = new HostDocument(id, { name, width: psd.width, height: psd.height, resolution, mode });
  const { children, imageData, rawCompositeData: _, ...rest } = psd;
  originals.set(doc, rest);
  doc.metadata = psd.imageResources?.xmpMetadata ?? doc.metadata;
  doc.quickMask = resources.has(QUICK_MASK);
  if (children && children.length > 0) {
    const inOrder = [...inFileOrder(children)];
    const recordOf = new Map(inOrder.map((layer, index) => [layer, records[index]]));
    doc.layers = readLayers(doc, children, null, (layer) => recordOf.get(layer));
  } else doc.layers = [flatBackground(doc, imageData!)];
  doc.activeLayers = doc.layers.slice(0, 1);
  doc.history.record('Open');
  return doc;
}

type RecordOf = (layer: PsdLayer) => LayerRecord | undefined;

/** Layers as the file has them; null is the record that ends a group, at its bottom. */
function* inFileOrder(layers: readonly PsdLayer[]): Generator<PsdLayer | null> {
  for (const layer of layers) {
    if (layer.children) {
      yield null;
      yield* inFileOrder(layer.children);
    }
    yield layer;
  }
}

function flatBackground(doc: HostDocument, picture: Picture): HostLayer {
  const layer = doc.newLayer('Background', 'pixel');
  layer.isBackground = true;
  layer.pixels = withoutAlpha(rasterOf(picture, 0, 0), true);
  return layer;
}

/** ag-psd lists the bottom layer first, Photoshop's object model the top one. */
function readLayers(
  doc: HostDocument,
  list: readonly PsdLayer[],
  parent: HostLayer | null,
  recordOf: RecordOf,
): HostLayer[] {
  return list
    .map((source, index) => readLayer(doc, source, parent, parent === null && index === 0, recordOf))
    .reverse();
}

function readLayer(
  doc: HostDocument,
  source: PsdLayer,
  parent: HostLayer | null,
  bottom: boolean,
  recordOf: RecordOf,
): HostLayer {
  const layer = doc.newLayer(source.name ?? 'Layer', kindOf(source, recordOf(source)), source.id);
  const { imageData, mask, children, ...rest } = source;
  originals.set(layer, rest);
  layer.parent = parent;
  layer.visible = source.hidden !== true;
  layer.opacity = Math.round((source.opacity ?? 1) * 100);
  layer.blendMode = shownName(source.blendMode ?? 'normal');
  layer.adjustment = adjustmentOf(source, recordOf(source));
  layer.isBackground = bottom && source.nameSource === 'bgnd';
  layer.clipped = source.clipping === true;
  layer.artboard = source.artboard !== undefined;
  layer.hasVectorMask = source.vectorMask !== undefined;
  const { transparency = false, composite = false, position = false } = source.protected ?? {};
  if (!layer.isBackground) {
    layer.locks = { all: transparency && composite && position, pixels: composite, transparency, position };
  }
  layer.linkGroup = source.linkGroup ?? 0;
  if (children) layer.children = readLayers(doc, children, layer, recordOf);
  if (imageData && imageData.width > 0 && !children) {
    const raster = rasterOf(imageData, source.left ?? 0, source.top ?? 0);
    layer.pixels = layer.isBackground ? withoutAlpha(raster, false) : raster;
  }
  if (mask && !mask.fromVectorData) layer.mask = readMask(mask, source);
  return layer;
}

function kindOf(source: PsdLayer, record: LayerRecord | undefined): LayerKind {
  if (source.children) return 'group';
  if (record?.has('grnA')) return 'grain';
  if (record?.has('clrd')) return 'clarity';
  if (source.adjustment) return adjustments[source.adjustment.type] ?? 'levels';
  if (source.text) return 'text';
  if (source.placedLayer) return 'smartObject';
  if (source.vectorFill) {
    const { type } = source.vectorFill;
    return type === 'color' ? 'solidColor' : type === 'pattern' ? 'pattern' : 'gradientFill';
  }
  return 'pixel';
}

function readMask(mask: NonNullable<PsdLayer['mask']>, source: PsdLayer): LayerMask {
  const shift = mask.positionRelativeToLayer ? { x: source.left ?? 0, y: source.top ?? 0 } : { x: 0, y: 0 };
  const picture = mask.imageData;
  const width = picture?.width ?? 0;
  const height = picture?.height ?? 0;
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = picture!.data[i * 4]!;
  return {
    ...{ left: (mask.left ?? 0) + shift.x, top: (mask.top ?? 0) + shift.y, width, height, data },
    outside: mask.defaultColor ?? 0,
    enabled: mask.disabled !== true,
    linked: true,
    density: Math.round((mask.userMaskDensity ?? 1) * 100),
    feather: mask.userMaskFeather ?? 0,
  };
}

function rasterOf(picture: Picture, left: number, top: number): Raster {
  const { width, height, data } = picture;
  if (data.BYTES_PER_ELEMENT !== 1) throw new Error('openPsd reads 8-bit pixels only');
  return { left, top, width, height, channels: 4, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** Writes an 8-bit file of the document's mode; deeper documents, which no file makes, are converted. */
export function psdFromDocument(doc: HostDocument): Uint8Array {
  const original = originals.get(doc) as Psd | undefined;
  const psd: Psd = {
    ...original,
    width: doc.width,
    height: doc.height,
    bitsPerChannel: 8,
    children: doc.layers.map(writeLayer).reverse(),
    imageData: pictureOf(flatten(doc, doc.layers, doc.rect)),
  };
  return recodePsd(writePsdUint8Array(psd, { noBackground: doc.backgroundLayer === null }), doc.mode);
}

function writeLayer(layer: HostLayer): PsdLayer {
  const { top: _t, left: _l, bottom: _b, right: _r, ...original } = (originals.get(layer) ?? {}) as PsdLayer;
  const out: PsdLayer = {
    ...original,
    id: layer.id,
    name: layer.name,
    hidden: !layer.visible,
    clipping: layer.clipped,
    opacity: layer.opacity / 100,
    blendMode: shownBlendModes.get(layer.blendMode) ?? 'normal',
    nameSource: layer.isBackground ? 'bgnd' : 'layr',
    transparencyProtected: layer.isBackground || layer.locks.transparency || layer.locks.all,
    protected: {
      transparency: layer.isBackground || layer.locks.transparency || layer.locks.all,
      composite: layer.locks.pixels || layer.locks.all,
      position: layer.isBackground || layer.locks.position || layer.locks.all,
    },
  };
  // ag-psd reads how a gradient is interpolated, but writes a word that it then refuses.
  if (out.adjustment?.type === 'gradient map') out.adjustment = withoutMethod(out.adjustment);
  if (layer.kind === 'group') out.children = layer.children.map(writeLayer).reverse();
  else if (layer.pixels) Object.assign(out, placed(layer.pixels), { imageData: pictureOf(layer.pixels) });
  if (layer.mask) out.mask = writeMask(layer.mask);
  return out;
}

function withoutMethod<T extends { method?: unknown }>({ method: _, ...rest }: T): Omit<T, 'method'> {
  return rest;
}

function writeMask(mask: LayerMask): NonNullable<PsdLayer['mask']> {
  const data = convertDepth(mask.data, 8);
  const pixels = new Uint8ClampedArray(data.length * 4);
  for (let i = 0, d = 0; i < data.length; i++, d += 4) {
    pixels[d] = pixels[d + 1] = pixels[d + 2] = data[i]!;
    pixels[d + 3] = 255;
  }
  const white = mask.data instanceof Uint8Array ? 255 : mask.data instanceof Uint16Array ? 32768 : 1;
  return {
    ...placed(mask),
    defaultColor: mask.outside >= white / 2 ? 255 : 0,
    disabled: !mask.enabled,
    positionRelativeToLayer: false,
    ...(mask.density < 100 ? { userMaskDensity: mask.density / 100 } : {}),
    ...(mask.feather > 0 ? { userMaskFeather: mask.feather } : {}),
    ...(data.length > 0 ? { imageData: { width: mask.width, height: mask.height, data: pixels } } : {}),
  };
}

const placed = ({ left, top, width, height }: { left: number; top: number; width: number; height: number }) => ({
  ...{ left, top, right: left + width, bottom: top + height },
});

function pictureOf(raster: Raster): Picture {
  const { width, height, data } = withAlpha({ ...raster, data: convertColor(raster.data, raster.channels, 8) });
  return { width, height, data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.length) };
}
