import sharp, { type Metadata as MetadataOfSharp, type Sharp, type SharpOptions } from 'sharp';
import type { Depth } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import type { Annotation } from './annotation.ts';
import { checkSize } from './check-size.ts';
import { damaged } from './damage.ts';
import { sniffType } from './formats.ts';
import { readTone } from './icc.ts';
import { readBlocks } from './metadata/metadata.ts';
import type { AlphaPlane, Picture, Raster, Rows } from './picture.ts';
import { addNotes, packPng } from './png.ts';
import { prepare } from './prepare.ts';
import { isOwnRgb, namesSrgb } from './profile.ts';
import { streamRaster } from './stream-raster.ts';

// Each picture is decoded once; libvips' operation cache would only waste memory.
sharp.cache(false);

const GRAY = { r: 128, g: 128, b: 128 };

/**
 * Opens a file of any format that is read. Its pixels are not decoded yet, except where the image library cannot.
 * @throws {AppError} NOT_AN_IMAGE, TRUNCATED_IMAGE, IMAGE_TOO_LARGE, UNSUPPORTED_PICTURE
 * @param allowDamaged takes what can be read of a damaged file
 */
export async function openEncoded(bytes: Buffer, allowDamaged = false): Promise<Picture> {
  const { open, opened, own, ...rest } = await inspect(bytes, allowDamaged);
  const ownColors = own && { profile: own.profile, readRaster: openSharp(own.open, opened).readRaster };
  return { ...openSharp(open, opened), ...rest, own: ownColors };
}

/**
 * Scales a file's picture to cover `width` x `height`, keeping its aspect ratio and center. Opaque RGB.
 * @throws {AppError} NOT_AN_IMAGE, TRUNCATED_IMAGE, IMAGE_TOO_LARGE
 */
export async function readCover(bytes: Buffer, width: number, height: number, wanted: Depth): Promise<Raster> {
  const { open, opened } = await inspect(bytes);
  const image = open().resize(width, height, { fit: 'cover' }).flatten({ background: 'white' });
  const { samples } = await decode(image, opened);
  return { width, height, channels: 3, data: wanted === 16 ? widen(samples) : narrow(samples) };
}

async function inspect(file: Buffer, allowDamaged = false) {
  const type = sniffType(file);
  if (!type) throw new AppError('NOT_AN_IMAGE');
  const prepared = await prepare(file, type, allowDamaged);
  const { bytes, page, failOn } = prepared;
  // Our own limits are checked below; the library's limit has a less clear message.
  const options: SharpOptions = { limitInputPixels: false, failOn, page, pages: 1, autoOrient: true };
  const info = await sharp(bytes, options)
    .metadata()
    .catch((cause) => {
      throw damaged(undefined, cause);
    });
  const { width, height } = info.autoOrient;
  checkSize(width, height);
  const depth = depthOf(info.depth);
  // The library converts deep pictures with a profile to Display P3, and would leave them there.
  const isSrgb = !info.icc || namesSrgb(info.icc);
  // Of deep gray it leaves the profile out.
  const tone = info.icc && info.space === 'grey16' ? readTone(info.icc) : null;
  const open = () => {
    if (depth === 8) return sharp(bytes, options);
    return isSrgb || tone
      ? sharp(bytes, { ...options, ignoreIcc: true })
      : sharp(bytes, options).withIccProfile('srgb');
  };
  // Whatever is taken from these, the library decodes them whole.
  const atOnce = info.isProgressive || (info.orientation ?? 1) !== 1 || ['webp', 'heif'].includes(info.format);
  const opened: Opened = { width, height, hasAlpha: info.hasAlpha, depth, tone };
  const own = hasOwnRgb(info)
    ? { profile: info.icc!, open: () => sharp(bytes, { ...options, ignoreIcc: true }) }
    : undefined;
  return {
    open,
    opened,
    own,
    atOnce,
    dpi: checkDpi(prepared.dpi ?? info.density),
    metadata: prepared.metadata ?? readBlocks(info),
    isPreview: prepared.isPreview ?? false,
    bytes: bytes.length,
  };
}

/** What scanners reach; more is no resolution. */
const MAX_DPI = 20_000;

function checkDpi(dpi: number | undefined): number | undefined {
  return dpi && dpi <= MAX_DPI ? dpi : undefined;
}

function hasOwnRgb({ icc, space }: MetadataOfSharp): boolean {
  return icc !== undefined && ['srgb', 'rgb', 'rgb16'].includes(space ?? '') && isOwnRgb(icc);
}

/**
 * Wraps pixels that are already decoded. The buffer is read, never written.
 * @param raster straight RGB or RGBA in sRGB
 */
export function openRaw(raster: Raster): Picture {
  const { width, height, channels, data } = raster;
  const open = () => sharp(data, { limitInputPixels: false, raw: { width, height, channels } });
  const depth = data instanceof Uint16Array ? 16 : 8;
  const picture = openSharp(open, { width, height, hasAlpha: channels === 4, depth });
  const part = ({ top, height }: Rows): Raster => {
    const line = width * channels;
    return { width, height, channels, data: data.subarray(top * line, (top + height) * line) };
  };
  return {
    ...picture,
    async readRaster(wanted, rows) {
      if (wanted !== depth) return picture.readRaster(wanted, rows);
      return rows ? part(rows) : raster;
    },
  };
}

/** Half floats and the like have more than 8 bits to lose. */
function depthOf(depth: string | undefined): Depth {
  return depth === 'uchar' ? 8 : 16;
}

interface Opened {
  width: number;
  height: number;
  hasAlpha: boolean;
  /** Of the file. Pixels are decoded at this depth and converted here: libvips shifts bits (1 becomes 511, 65407 becomes 255). */
  depth: Depth;
  /** From gray of 16 bits in the file to sRGB. */
  tone?: Uint16Array | null;
}

async function decode(image: Sharp, { depth, tone }: Pick<Opened, 'depth' | 'tone'>) {
  const { data, info } = await image
    .toColorspace(depth === 16 ? 'rgb16' : 'srgb')
    .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      throw damaged(undefined, cause);
    });
  const samples = depth === 16 ? new Uint16Array(data.buffer, data.byteOffset, data.length >> 1) : data;
  if (tone) {
    const hasAlpha = info.channels === 4;
    for (let i = 0; i < samples.length; i++) if (!hasAlpha || (i & 3) !== 3) samples[i] = tone[samples[i]!]!;
  }
  return { samples, channels: info.channels };
}

function openSharp(open: () => Sharp, file: Opened): Picture {
  const { width, height, hasAlpha, depth } = file;
  return {
    width,
    height,
    hasAlpha,
    depth,
    async readGrid(gridWidth, gridHeight, region) {
      // Networks are trained on bilinear copies; on 24 portraits it scored no worse than lanczos3 and costs a third less.
      const part = region ? open().extract(region) : open();
      const image = part.resize(gridWidth, gridHeight, { fit: 'fill', kernel: 'linear' });
      if (hasAlpha) image.flatten({ background: GRAY });
      return narrow((await decode(image, file)).samples);
    },
    async readRaster(wanted, rows) {
      const { samples, channels } = await decode(rows ? open().extract({ left: 0, width, ...rows }) : open(), file);
      const data = wanted === 16 ? widen(samples) : narrow(samples);
      return { width, height: rows?.height ?? height, channels: channels === 4 ? 4 : 3, data };
    },
  };
}

/** To 8 bits, in place, to avoid a second copy of a big picture. */
function narrow(samples: Uint8Array | Uint16Array): Uint8Array {
  if (!(samples instanceof Uint16Array)) return samples;
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.length);
  for (let i = 0; i < samples.length; i++) bytes[i] = samples[i]! / 257 + 0.5;
  return bytes;
}

function widen(samples: Uint8Array | Uint16Array): Uint16Array {
  if (samples instanceof Uint16Array) return samples;
  // A loop, because `Uint16Array.from` with a function takes twenty times as long.
  const words = new Uint16Array(samples.length);
  for (let i = 0; i < samples.length; i++) words[i] = samples[i]! * 257;
  return words;
}

/** A gray PNG of 8 or 16 bits, with the resolution and XMP of the annotation. Compression 2 of 9: mattes are mostly flat, and users wait for them. */
export async function encodeAlphaPng(
  { width, height, data }: AlphaPlane,
  annotation: Annotation = {},
): Promise<Buffer> {
  const image = sharp(data, { limitInputPixels: false, raw: { width, height, channels: 1 } });
  const space = data instanceof Uint16Array ? 'grey16' : 'b-w';
  return addNotes(await image.toColorspace(space).png({ compressionLevel: 2 }).toBuffer(), annotation);
}

/** A PNG of 8 or 16 bits with straight alpha where the raster has it. */
export async function encodePng(raster: Raster, annotation?: Annotation): Promise<Buffer> {
  return Buffer.concat(await packPng(streamRaster(raster), undefined, annotation));
}

/** An sRGB JPEG of opaque 8-bit pixels, at preview quality; gray too, because UXP does not display gray JPEGs. */
export function encodeJpeg(pixels: Raster | AlphaPlane, quality = 85): Promise<Buffer> {
  const { width, height, data } = pixels;
  const channels = 'channels' in pixels ? pixels.channels : 1;
  if (channels === 4 || data instanceof Uint16Array) throw new RangeError('A JPEG has 8 bits and no transparency.');
  const image = sharp(data, { limitInputPixels: false, raw: { width, height, channels } });
  return image.toColorspace('srgb').jpeg({ quality }).toBuffer();
}
