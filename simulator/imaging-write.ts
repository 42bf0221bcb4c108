import { type ColorSpace, grayToRgb, labToRgb } from './color.ts';
import type { HostDocument } from './document.ts';
import { HostError } from './errors.ts';
import { type Rect, rectOf, union } from './geometry.ts';
import { contentOf, defaultProfile, type ImageContent, ImageData, interleaved } from './image-data.ts';
import { type BoundsArgument, placeArgument } from './imaging-arguments.ts';
import { type EncodeOptions, encodeJpeg } from './jpeg.ts';
import { type HostLayer, isFill } from './layer.ts';
import { filledMask, type LayerMask, maskFrom, maskOver, maskRect } from './layer-mask.ts';
import {
  convertColor,
  convertDepth,
  copyInto,
  type Depth,
  expand,
  fromFullRange,
  type PixelData,
  type Raster,
  rasterRect,
  withAlpha,
  withoutAlpha,
} from './pixels.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';

export interface Put {
  documentID?: number;
  layerID?: number;
  kind?: string;
  imageData?: unknown;
  replace?: boolean;
  targetBounds?: BoundsArgument;
  commandName?: string;
}

export interface BufferOptions {
  width: number;
  height: number;
  components: number;
  colorSpace: string;
  colorProfile?: string;
  chunky?: boolean;
  fullRange?: boolean;
}

const componentsOf: Record<ColorSpace, readonly number[]> = { RGB: [3, 4], Grayscale: [1, 2], Lab: [3, 4] };
const wrong = (text: string) => new HostError(text, { kind: 'TypeError' });

/** The writing half of require('photoshop').imaging. */
export class ImagingWriter {
  readonly #host: HostState;
  readonly #session: PluginSession;

  constructor(host: HostState, session: PluginSession) {
    this.#host = host;
    this.#session = session;
  }

  /** Allowed outside modal scopes: shipping plugins do it. */
  async createImageDataFromBuffer(buffer: unknown, options: BufferOptions): Promise<ImageData> {
    await this.#host.modal.enterCall(false);
    const { width, height, components, colorSpace } = options ?? {};
    if (!(width > 0 && height > 0) || !Number.isInteger(width) || !Number.isInteger(height)) {
      throw wrong('createImageDataFromBuffer: width and height must be positive integers');
    }
    if (!componentsOf[colorSpace as ColorSpace]?.includes(components)) {
      throw wrong(`createImageDataFromBuffer: ${components} components do not fit colorSpace ${colorSpace}`);
    }
    this.#host.checkProfile('createImageDataFromBuffer', options.colorProfile);
    let data = ownCopy(buffer);
    if (data.length !== width * height * components) {
      throw wrong(
        `createImageDataFromBuffer: ${width} x ${height} x ${components} needs ${width * height * components} values, got ${data.length}`,
      );
    }
    if (data instanceof Uint16Array) {
      if (options.fullRange) data = fromFullRange(data);
      else if (data.some((value) => value > 32768)) {
        throw new HostError('createImageDataFromBuffer: 16-bit values must be 0..32768 unless fullRange is set');
      }
    }
    if (options.chunky === false) data = interleaved(data, components);
    this.#host.memory.copied += data.byteLength;
    const space = colorSpace as ColorSpace;
    // A mask without one is taken for what the document has.
    const own = space === 'Grayscale' && this.#host.faults.maskProfile !== null;
    const colorProfile = options.colorProfile || (own ? '' : defaultProfile(space, 8));
    const content: ImageContent = { width, height, components, colorSpace: space, colorProfile, data };
    return this.#session.boundary.expose(new ImageData(this.#host, this.#session, content));
  }

  /** As a list of bytes, or as text. */
  async encodeImageData(options: EncodeOptions): Promise<number[] | string> {
    await this.#host.modal.enterCall(false);
    const bytes = Buffer.from(encodeJpeg(contentOf(this.#session, options?.imageData)));
    return options.base64 ? bytes.toString('base64') : [...bytes];
  }

  async putPixels(options: Put): Promise<void> {
    await this.#host.modal.enterCall();
    const { doc, layer, content } = this.#target(options);
    if (layer.kind !== 'pixel') throw new HostError('putPixels: the layer is not a pixel layer');
    if (layer.locked || layer.locks.pixels) throw new HostError('putPixels: the layer is locked');
    const place = placeArgument(options.targetBounds);
    const source = rgbRaster(content, place, doc.depth);
    let pixels: Raster;
    if (layer.isBackground) {
      pixels = expand(layer.pixels, doc.rect, doc.depth, 3, doc.white);
      copyInto(pixels, withoutAlpha(source, true));
    } else if (options.replace !== false || !layer.pixels) {
      pixels = withAlpha(source);
    } else {
      const before = withAlpha(layer.pixels);
      pixels = expand(before, union(rasterRect(before), rasterRect(source)), doc.depth, 4, 0);
      copyInto(pixels, withAlpha(source));
    }
    this.#commit(doc, content, options.commandName ?? 'Put Pixels', () => {
      layer.pixels = pixels;
    });
  }

  async putLayerMask(options: Put): Promise<void> {
    await this.#host.modal.enterCall();
    const { doc, layer, content } = this.#target(options);
    this.#refuseMask(doc, layer, content, options);
    const source = this.#inMaskProfile(grayRaster(content, placeArgument(options.targetBounds), doc.depth), content);
    const drawn = this.#host.faults.maskZeroBlockTurnsWhite ? whitenZeroBlocks(source, doc.white) : source;
    const outside = this.#host.faults.maskOutside === 0 ? 0 : doc.white;
    const before = options.replace === false ? layer.mask : null;
    const look = this.#host.faults.replacedMaskKeepsLook ? layer.mask : null;
    const mask = before ? merged(before, drawn, doc.depth) : maskFrom(drawn, outside, look);
    this.#commit(doc, content, options.commandName ?? 'Put Layer Mask', () => {
      layer.mask = mask;
    });
  }

  async putSelection(options: Put): Promise<void> {
    await this.#host.modal.enterCall();
    const doc = this.#host.document(options?.documentID);
    const content = contentOf(this.#session, options.imageData);
    requireGray(content);
    if (this.#host.faults.reject16BitSelection && content.data instanceof Uint16Array) {
      throw new HostError('putSelection: 16-bit image data is not supported');
    }
    const coarse = this.#host.faults.selectionEightBit && doc.depth === 16;
    const given = grayRaster(content, placeArgument(options.targetBounds), coarse ? 8 : doc.depth);
    const source = coarse ? { ...given, data: convertDepth(given.data, doc.depth) } : given;
    const before = options.replace === false ? doc.selection : null;
    const onCanvas = maskOver(before ? merged(before, source, doc.depth) : maskFrom(source, 0), doc.rect);
    this.#commit(doc, content, options.commandName ?? 'Put Selection', () => {
      doc.selection = onCanvas.data.some((value) => value > 0) ? maskFrom(onCanvas, 0) : null;
    });
  }

  #target(options: Put): { doc: HostDocument; layer: HostLayer; content: ImageContent } {
    const doc = this.#host.document(options?.documentID);
    const layer = this.#host.layer(doc, options.layerID);
    return { doc, layer, content: contentOf(this.#session, options.imageData) };
  }

  #refuseMask(doc: HostDocument, layer: HostLayer, content: ImageContent, options: Put): void {
    const { faults } = this.#host;
    requireGray(content);
    if (options.kind !== undefined && options.kind !== 'user') throw new HostError('putLayerMask: kind must be "user"');
    if (layer.isBackground) throw new HostError('putLayerMask: a Background layer cannot have a mask');
    if (layer.locked || (layer.locks.pixels && faults.pixelLockRefusesMask)) {
      throw new HostError('putLayerMask: the layer is locked');
    }
    if (faults.fillLayerMaskErrors && isFill(layer.kind)) throw new HostError('putLayerMask: failed on a fill layer');
    if (faults.groupMaskErrors && layer.kind === 'group') throw new HostError('putLayerMask: failed on a group');
    if (faults.labMaskErrors && doc.mode === 'Lab') throw new HostError('putLayerMask: failed in a Lab document');
    if (faults.reject16BitMask && content.data instanceof Uint16Array) {
      throw new HostError('putLayerMask: 16-bit image data is not supported');
    }
  }

  /** Any other profile counts as one gamma step darker: enough to see that there was a conversion. */
  #inMaskProfile(raster: Raster, { colorProfile }: ImageContent): Raster {
    const { maskProfile } = this.#host.faults;
    if (maskProfile === null || !colorProfile || colorProfile === maskProfile) return raster;
    const white = raster.data instanceof Uint8Array ? 255 : raster.data instanceof Uint16Array ? 32768 : 1;
    const data = raster.data.map((value: number) => (value / white) ** 1.2 * white) as PixelData;
    return { ...raster, data };
  }

  #commit(doc: HostDocument, content: ImageContent, name: string, change: () => void): void {
    change();
    doc.history.record(name);
    this.#host.memory.copied += content.data.byteLength;
  }
}

/** A copy in this realm of a typed array of any realm: the plugin's buffers have other prototypes. */
function ownCopy(buffer: unknown): PixelData {
  const kind = ArrayBuffer.isView(buffer) ? Object.prototype.toString.call(buffer) : '';
  const view = buffer as Uint8Array;
  if (kind === '[object Uint8Array]') return new Uint8Array(view);
  if (kind === '[object Uint16Array]') return new Uint16Array(view);
  if (kind === '[object Float32Array]') return new Float32Array(view);
  throw wrong('createImageDataFromBuffer: argument 1 must be a Uint8Array, Uint16Array or Float32Array');
}

function requireGray(content: ImageContent): void {
  if (content.components !== 1 || content.colorSpace !== 'Grayscale') {
    throw new HostError('The image data must have one component in the Grayscale color space.');
  }
}

function grayRaster(content: ImageContent, place: { left: number; top: number }, depth: Depth): Raster {
  const { width, height } = content;
  return { ...place, width, height, channels: 1, data: convertDepth(content.data, depth) };
}

function rgbRaster(content: ImageContent, place: { left: number; top: number }, depth: Depth): Raster {
  const { width, height, components, colorSpace } = content;
  if (components === 2) throw new HostError('putPixels: GrayscaleAlpha is not simulated');
  const data = convertColor(content.data, colorSpace === 'RGB' ? components : 3, depth);
  if (colorSpace === 'Grayscale') return { ...place, width, height, channels: 3, data: grayToRgb(data) };
  if (colorSpace === 'Lab') {
    if (components === 4) throw new HostError('putPixels: LABAlpha is not simulated');
    return { ...place, width, height, channels: 3, data: labToRgb(data) };
  }
  return { ...place, width, height, channels: components, data };
}

/** replace:false: the new values over the old mask, the old outside value in between. */
function merged(before: LayerMask, source: Raster, depth: Depth): LayerMask {
  const rect: Rect = union(maskRect(before), rectOf(source.left, source.top, source.width, source.height));
  const raster = expand(maskOver(before, rect), rect, depth, 1, before.outside);
  copyInto(raster, source);
  return {
    ...filledMask(rectOf(0, 0, 0, 0), depth, 0),
    ...maskFrom(raster, before.outside, before),
    enabled: before.enabled,
  };
}

/** The reported bug: a block that is all zero comes out white. */
function whitenZeroBlocks(source: Raster, white: number): Raster {
  const size = 64;
  const data = source.data.slice();
  for (let y = 0; y < source.height; y += size) {
    for (let x = 0; x < source.width; x += size) {
      const right = Math.min(x + size, source.width);
      const bottom = Math.min(y + size, source.height);
      let empty = true;
      for (let row = y; row < bottom && empty; row++) {
        for (let i = row * source.width + x; i < row * source.width + right; i++) if (data[i] !== 0) empty = false;
      }
      if (!empty) continue;
      for (let row = y; row < bottom; row++) data.fill(white, row * source.width + x, row * source.width + right);
    }
  }
  return { ...source, data };
}
