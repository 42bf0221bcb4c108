import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { MAX_PIXELS, MAX_SIDE } from '../../protocol/limits.ts';
import type { EncodedType } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import type { AlphaPlane, Picture, Raster } from './picture.ts';
import { namesSrgb, tagPng } from './profile.ts';

// Each picture is decoded once; libvips' cache of operations would only keep it in memory.
sharp.cache(false);

const GREY = { r: 128, g: 128, b: 128 };

/** Formats by their first bytes. Anything else (SVG, PDF, GIF, camera raw) never reaches a decoder. */
const SIGNATURES: readonly { type: EncodedType; matches: (head: Buffer) => boolean }[] = [
  { type: 'image/jpeg', matches: (b) => b.readUIntBE(0, 3) === 0xffd8ff },
  { type: 'image/png', matches: (b) => b.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')) },
  {
    type: 'image/webp',
    matches: (b) => b.toString('latin1', 0, 4) === 'RIFF' && b.toString('latin1', 8, 12) === 'WEBP',
  },
  { type: 'image/tiff', matches: (b) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(b.toString('latin1', 0, 4)) },
  {
    type: 'image/avif',
    matches: (b) => b.toString('latin1', 4, 8) === 'ftyp' && /^(avif|avis|mif1|miaf)/.test(b.toString('latin1', 8, 12)),
  },
];

/** The format that the first bytes announce, or null. */
export function sniffType(bytes: Uint8Array): EncodedType | null {
  if (bytes.byteLength < 12) return null;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, 12);
  return SIGNATURES.find(({ matches }) => matches(head))?.type ?? null;
}

/** @throws {AppError} INVALID_SIZE, IMAGE_TOO_LARGE */
export function checkSize(width: number, height: number): void {
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new AppError('INVALID_SIZE');
  }
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    throw new AppError(
      'IMAGE_TOO_LARGE',
      `The picture is ${width} x ${height} pixels; that is more than Hairline accepts.`,
    );
  }
}

/**
 * Opens a JPEG, PNG, WebP, TIFF or AVIF file without decoding its pixels yet.
 * @throws {AppError} NOT_AN_IMAGE, TRUNCATED_IMAGE, IMAGE_TOO_LARGE
 */
export async function openEncoded(bytes: Buffer): Promise<Picture> {
  if (!sniffType(bytes)) throw new AppError('NOT_AN_IMAGE');
  // Sizes are checked below with our own limits; the library's own limit would only say it less clearly.
  const options: SharpOptions = { limitInputPixels: false, failOn: 'truncated', pages: 1, autoOrient: true };
  const info = await sharp(bytes, options)
    .metadata()
    .catch((cause) => {
      throw new AppError('TRUNCATED_IMAGE', undefined, { cause });
    });
  const { width, height } = info.autoOrient;
  checkSize(width, height);
  const isDeep = info.depth !== 'uchar';
  // The library converts deep pictures that have a profile to Display P3, and would leave them there.
  const isSrgb = !info.icc || namesSrgb(info.icc);
  const open = () => {
    if (!isDeep) return sharp(bytes, options);
    return isSrgb ? sharp(bytes, { ...options, ignoreIcc: true }) : sharp(bytes, options).withIccProfile('srgb');
  };
  return { ...openSharp(open, width, height, info.hasAlpha, isDeep), dpi: info.density };
}

/**
 * Wraps pixels that are already decoded. The buffer is read, never written.
 * @param raster straight RGB or RGBA in sRGB
 */
export function openRaw(raster: Raster): Picture {
  const { width, height, channels, data } = raster;
  const open = () => sharp(data, { limitInputPixels: false, raw: { width, height, channels } });
  const depth = data instanceof Uint16Array ? 16 : 8;
  const picture = openSharp(open, width, height, channels === 4, depth === 16);
  return { ...picture, readRaster: async (wanted) => (wanted === depth ? raster : picture.readRaster(wanted)) };
}

/** @param isDeep whether samples have more than 8 bits */
function openSharp(open: () => Sharp, width: number, height: number, hasAlpha: boolean, isDeep: boolean): Picture {
  const decode = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause) => {
      throw new AppError('TRUNCATED_IMAGE', undefined, { cause });
    });
  return {
    width,
    height,
    hasAlpha,
    async readGrid(gridWidth, gridHeight) {
      // Networks are trained on bilinear copies; on 24 portraits it scored no worse than lanczos3 and costs a third less.
      const image = open().resize(gridWidth, gridHeight, { fit: 'fill', kernel: 'linear' });
      if (hasAlpha) image.flatten({ background: GREY });
      return decode(image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer());
    },
    async readRaster(depth) {
      const deep = depth === 16 && isDeep;
      const image = open().toColourspace(deep ? 'rgb16' : 'srgb');
      const { data, info } = await decode(
        image.raw({ depth: deep ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true }),
      );
      const channels = info.channels === 4 ? 4 : 3;
      if (deep) {
        const samples = new Uint16Array(data.buffer, data.byteOffset, data.length >> 1);
        return { width, height, channels, data: samples };
      }
      return { width, height, channels, data: depth === 16 ? widen(data) : data };
    },
  };
}

/** 255 becomes 65535. The image library would only shift, and make a grey 65280 of white. */
function widen(data: Uint8Array): Uint16Array {
  const out = new Uint16Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = data[i]! * 257;
  return out;
}

/** A grey PNG of 8 or 16 bits. Compression 2 of 9: mattes are mostly flat and people wait for them. */
export function encodeAlphaPng({ width, height, data }: AlphaPlane): Promise<Buffer> {
  const image = sharp(data, { limitInputPixels: false, raw: { width, height, channels: 1 } });
  const space = data instanceof Uint16Array ? 'grey16' : 'b-w';
  return image.toColourspace(space).png({ compressionLevel: 2 }).toBuffer();
}

/** An sRGB PNG of 8 or 16 bits with straight alpha where the raster has it. */
export async function encodePng({ width, height, channels, data }: Raster): Promise<Buffer> {
  const image = sharp(data, { limitInputPixels: false, raw: { width, height, channels } });
  const space = data instanceof Uint16Array ? 'rgb16' : 'srgb';
  return tagPng(await image.toColourspace(space).png({ compressionLevel: 4 }).toBuffer());
}
