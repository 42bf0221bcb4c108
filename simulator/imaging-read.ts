import { type ColorSpace, rgbToGray, rgbToLab } from './color.ts';
import { flatten } from './composite.ts';
import type { HostDocument } from './document.ts';
import { HostError } from './errors.ts';
import { contains, intersect, isEmpty, type Rect } from './geometry.ts';
import { defaultProfile, ImageData } from './image-data.ts';
import {
  atLevel,
  type BoundsArgument,
  boundsArgument,
  depthArgument,
  type SizeArgument,
  scaleArgument,
} from './imaging-arguments.ts';
import type { HostLayer } from './layer.ts';
import { applyMask, filledMask, type LayerMask, maskOver, maskRaster, maskRect } from './layer-mask.ts';
import { boundsOfContent, convertColor, crop, type Raster, rasterRect, shrink, withoutAlpha } from './pixels.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';

export interface GetPixels {
  documentID?: number;
  layerID?: number;
  historyStateID?: number;
  sourceBounds?: BoundsArgument;
  targetSize?: SizeArgument;
  colorSpace?: string;
  colorProfile?: string;
  componentSize?: number;
  applyAlpha?: boolean;
}

export interface GetMask {
  documentID?: number;
  layerID?: number;
  kind?: string;
  sourceBounds?: BoundsArgument;
  targetSize?: SizeArgument;
}

export interface Answer {
  imageData: ImageData;
  sourceBounds: Rect;
  level?: number;
}

const emptyRegion = () => new HostError('grabPixels: got invalid empty image region');

/** The reading half of require('photoshop').imaging. */
export class ImagingReader {
  readonly #host: HostState;
  readonly #session: PluginSession;

  constructor(host: HostState, session: PluginSession) {
    this.#host = host;
    this.#session = session;
  }

  async getPixels(options: GetPixels = {}): Promise<Answer> {
    await this.#enter();
    const doc = this.#host.document(options.documentID);
    if (options.historyStateID !== undefined) throw new HostError('getPixels: historyStateID is not simulated');
    const source = this.#source(doc, options.layerID);
    const space = colorSpaceOf(options.colorSpace, doc);
    this.#host.checkProfile('getPixels', options.colorProfile);
    const depth = depthArgument(options.componentSize, doc.depth);
    if (this.#host.faults.refusesPixelConversion && (depth !== doc.depth || space !== doc.mode)) {
      throw new HostError('getPixels: conversion is not supported');
    }
    const wanted = boundsArgument(options.sourceBounds, true) ?? rasterRect(source);
    const region = source.channels === 3 ? intersect(wanted, rasterRect(source)) : boundsOfContent(source, wanted, 3);
    if (isEmpty(region)) throw emptyRegion();
    const { width, height, level } = scaleArgument(options.targetSize, region);
    let raster = crop(source, region);
    if (width !== raster.width || height !== raster.height) raster = shrink(raster, width, height);
    if (options.applyAlpha) raster = withoutAlpha(raster, true);
    const gray = doc.mode === 'Grayscale' || doc.mode === 'Lab';
    if (gray && this.#host.faults.grayHasNoAlpha) raster = withoutAlpha(raster, false);
    if (space !== 'RGB') raster = inColorSpace(withoutAlpha(raster, false), space);
    const data = convertColor(raster.data, space === 'Grayscale' ? 1 : raster.channels, depth);
    const components = raster.channels;
    const colorProfile = options.colorProfile || defaultProfile(space, depth);
    const imageData = this.#image({ width, height, components, colorSpace: space, colorProfile, data });
    return { imageData, sourceBounds: atLevel(region, level), level };
  }

  async getLayerMask(options: GetMask = {}): Promise<Answer> {
    await this.#enter();
    const doc = this.#host.document(options.documentID);
    const layer = this.#host.layer(doc, options.layerID);
    if (options.kind !== undefined && options.kind !== 'user') {
      throw new HostError(`getLayerMask: no ${options.kind} mask is simulated`);
    }
    if (!layer.mask && this.#host.faults.missingMaskErrors) throw new HostError('The layer does not have a user mask.');
    const mask = layer.mask ?? filledMask(doc.rect, doc.depth, doc.white);
    return this.#maskAnswer(doc, mask, options);
  }

  async getSelection(options: GetMask = {}): Promise<Answer> {
    await this.#enter();
    const doc = this.#host.document(options.documentID);
    if (!doc.selection && this.#host.faults.missingSelectionErrors) {
      throw new HostError('There is no selection in the document.');
    }
    return this.#maskAnswer(doc, doc.selection ?? filledMask(doc.rect, doc.depth, 0), options);
  }

  #maskAnswer(doc: HostDocument, mask: LayerMask, options: GetMask): Answer {
    const wanted = boundsArgument(options.sourceBounds, false);
    const stored = isEmpty(maskRect(mask)) ? doc.rect : maskRect(mask);
    let region = wanted ?? stored;
    if (this.#host.faults.maskReadsTrimmed) region = boundsOfContent(maskRaster(mask), region, 0, mask.outside);
    else if (!contains(stored, region)) region = intersect(region, stored);
    if (isEmpty(region)) throw emptyRegion();
    const { width, height, level } = scaleArgument(options.targetSize, region);
    let raster = maskOver(mask, region);
    if (width !== raster.width || height !== raster.height) raster = shrink(raster, width, height);
    const colorProfile = defaultProfile('Grayscale', 8);
    const imageData = this.#image({
      width,
      height,
      components: 1,
      colorSpace: 'Grayscale',
      colorProfile,
      data: raster.data,
    });
    return { imageData, sourceBounds: atLevel(region, level) };
  }

  #source(doc: HostDocument, layerId: number | undefined): Raster {
    if (layerId === undefined || layerId === null) {
      this.#refuse(doc, doc.allLayers);
      return flatten(doc, doc.layers, doc.rect);
    }
    const layer = this.#host.layer(doc, layerId);
    this.#refuse(doc, [layer]);
    if (layer.kind === 'group') return this.#group(doc, layer);
    if (!layer.pixels) throw emptyRegion();
    return this.#masked(layer, layer.pixels);
  }

  #masked({ mask, isBackground }: HostLayer, pixels: Raster): Raster {
    const { maskInPixels } = this.#host.faults;
    if (!mask || isBackground || maskInPixels === 'never') return pixels;
    return maskInPixels === 'always' || mask.enabled ? applyMask(pixels, mask) : pixels;
  }

  /** Reported of healthy documents; a Background could still be read. */
  #refuse(doc: HostDocument, layers: readonly HostLayer[]): void {
    const { documentUnreadable, smartObjectsUnreadable } = this.#host.faults;
    const isBad = documentUnreadable !== null && !doc.madeByPlugin && layers.some((layer) => !layer.isBackground);
    const isStale = smartObjectsUnreadable && layers.some(({ kind }) => kind === 'smartObject');
    if (!isBad && !isStale) return;
    const code = documentUnreadable ?? -1;
    throw new HostError(`Photoshop Error. Code: ${code}. Message: Could not update smart object files ^0.`, {
      number: code,
    });
  }

  #group(doc: HostDocument, layer: HostLayer): Raster {
    if (!this.#host.faults.groupPixels) throw new HostError('grabPixels: the layer has no pixels');
    return flatten(doc, layer.children, doc.rect);
  }

  async #enter(): Promise<void> {
    await this.#host.modal.enterCall(this.#host.options.strictReads);
  }

  #image(content: ConstructorParameters<typeof ImageData>[2]): ImageData {
    return this.#session.boundary.expose(new ImageData(this.#host, this.#session, content));
  }
}

/** Only RGB, Grayscale and Lab documents have a color space the API can name; others must ask for one. */
function colorSpaceOf(asked: string | undefined, doc: HostDocument): ColorSpace {
  if (asked === 'RGB' || asked === 'Grayscale' || asked === 'Lab') return asked;
  if (asked !== undefined) throw new HostError(`unknown colorSpace ${asked}`, { kind: 'TypeError' });
  if (doc.mode === 'RGB' || doc.mode === 'Grayscale' || doc.mode === 'Lab') return doc.mode;
  throw new HostError(`getPixels: the color space of ${doc.mode} documents is not supported`);
}

function inColorSpace(rgb: Raster, space: 'Grayscale' | 'Lab'): Raster {
  if (space === 'Lab') return { ...rgb, data: rgbToLab(rgb.data) };
  return { ...rgb, channels: 1, data: rgbToGray(rgb.data) };
}
