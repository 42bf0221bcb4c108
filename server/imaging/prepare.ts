import sharp from 'sharp';
import type { EncodedType } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import { readBmp } from './bmp.ts';
import { readSensor, takePreview } from './camera-raw/preview.ts';
import { checkSize } from './check-size.ts';
import { damaged } from './damage.ts';
import { buildProfile } from './heif/build-profile.ts';
import { readColorCode } from './heif/color-code.ts';
import { decodeHeic } from './heif/decode.ts';
import { checkJpeg } from './jpeg/check.ts';
import { tidyJpeg } from './jpeg/tidy.ts';
import { type Metadata, readBlocks, readTiffMetadata } from './metadata/metadata.ts';
import type { Raster } from './picture.ts';
import { flattenPsd } from './psd/flatten.ts';
import { checkTiff } from './tiff/check.ts';
import { TiffFile } from './tiff/directory.ts';
import { findPicture } from './tiff/layout.ts';
import { needsRepacking, repackTiff } from './tiff/repack.ts';
import { wrapTiff } from './tiff/wrap.ts';
import { checkWebp } from './webp/check.ts';

/** A file that the image library reads rightly. */
export interface Prepared {
  bytes: Buffer;
  page: number;
  /** What the library is to take for an error; it knows damage and harmless oddities apart in some formats only. */
  failOn: 'none' | 'truncated' | 'error' | 'warning';
  /** Where the library would not find it. */
  metadata?: Metadata;
  dpi?: number | undefined;
  /** Of a camera raw file. */
  isPreview?: boolean;
}

/**
 * Looks for damage that the library passes over, and brings what it misreads or does not know into a form that it reads.
 * @throws {AppError} NOT_AN_IMAGE, TRUNCATED_IMAGE, IMAGE_TOO_LARGE, UNSUPPORTED_PICTURE
 */
export async function prepare(file: Buffer, type: EncodedType, allowDamaged: boolean): Promise<Prepared> {
  switch (type) {
    case 'image/jpeg':
      return prepareJpeg(file, allowDamaged);
    case 'image/tiff':
      return prepareTiff(file, allowDamaged);
    case 'image/heic':
    case 'image/heif':
    case 'image/avif':
      return prepareHeif(file, allowDamaged);
    case 'image/bmp': {
      const { dpi, ...raster } = readBmp(file, allowDamaged);
      return { ...prepareRaster(raster), dpi };
    }
    case 'image/vnd.adobe.photoshop': {
      const { tiff, dpi, blocks } = await flattenPsd(file);
      return { bytes: tiff, page: 0, failOn: 'truncated', dpi, metadata: readBlocks(blocks) };
    }
    case 'image/webp':
      if (!allowDamaged) checkWebp(file);
      return { bytes: file, page: 0, failOn: allowDamaged ? 'none' : 'truncated' };
    case 'image/x-dcraw':
      return preparePreview(takePreview(file, { width: 0, height: 0 }), allowDamaged);
    default:
      return { bytes: file, page: 0, failOn: allowDamaged ? 'none' : 'truncated' };
  }
}

function prepareJpeg(file: Buffer, allowDamaged: boolean): Prepared {
  // If all of its blocks are there, what the library may still miss is the end marker.
  if (allowDamaged || checkJpeg(file) === 'whole') return { bytes: file, page: 0, failOn: 'none' };
  return { bytes: tidyJpeg(file), page: 0, failOn: 'warning' };
}

function preparePreview(jpeg: Buffer, allowDamaged: boolean): Prepared {
  return { ...prepareJpeg(jpeg, allowDamaged), isPreview: true };
}

function prepareRaster({ width, height, channels, data }: Raster, profile?: Buffer): Prepared {
  const bytes = wrapTiff({ width, height, photometric: 2, samples: channels, data, profile });
  return { bytes, page: 0, failOn: 'truncated' };
}

/** The library reads everything about HEIC but its pixels, and of HEIC and AVIF no colors that a code names in place of a profile. */
async function prepareHeif(file: Buffer, allowDamaged: boolean): Promise<Prepared> {
  const failOn = allowDamaged ? 'none' : 'truncated';
  const info = await sharp(file, { limitInputPixels: false })
    .metadata()
    .catch((cause) => {
      throw damaged(undefined, cause);
    });
  const isHevc = info.compression === 'hevc';
  const code = info.icc ? null : readColorCode(file);
  const profile = info.icc ?? (code && buildProfile(code)) ?? undefined;
  if (!isHevc && profile === info.icc) return { bytes: file, page: 0, failOn };
  checkSize(info.width, info.height);
  const raster = isHevc
    ? await decodeHeic(file, info.hasAlpha, info.bitsPerSample ?? 8)
    : await decodeAvif(file, failOn);
  return { ...prepareRaster(raster, profile), metadata: readBlocks(info), dpi: info.density };
}

/** Upright, with its own numbers. */
async function decodeAvif(file: Buffer, failOn: Prepared['failOn']): Promise<Raster> {
  const image = sharp(file, { limitInputPixels: false, failOn, ignoreIcc: true });
  const isDeep = (await image.metadata()).depth === 'ushort';
  const { data, info } = await image
    .toColorspace(isDeep ? 'rgb16' : 'srgb')
    .raw({ depth: isDeep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      throw damaged(undefined, cause);
    });
  const samples = isDeep ? new Uint16Array(data.buffer, data.byteOffset, data.length >> 1) : data;
  return { width: info.width, height: info.height, channels: info.channels === 4 ? 4 : 3, data: samples };
}

/** Values of TIFF's Compression that the library is not built for. */
const UNKNOWN_PACKING: Readonly<Record<number, string>> = {
  34661: 'JBIG',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'Zstandard',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
};

/** The most samples of a pixel in a Photoshop document (File Header Section). */
const MAX_SAMPLES = 56;

async function prepareTiff(file: Buffer, allowDamaged: boolean): Promise<Prepared> {
  const tiff = new TiffFile(file);
  const sensor = readSensor(tiff);
  if (sensor) return preparePreview(takePreview(file, sensor), allowDamaged);
  const layout = findPicture(tiff);
  const { width, height, samples, page } = layout;
  checkSize(width, height);
  if (samples > MAX_SAMPLES || layout.bits > 64) throw damaged('its directory makes no sense');
  const packing = UNKNOWN_PACKING[layout.compression];
  if (packing)
    throw new AppError('UNSUPPORTED_PICTURE', `This TIFF is packed with ${packing}, which Hairline cannot unpack.`);
  if (!allowDamaged) await checkTiff(file, layout);
  const failOn = allowDamaged ? 'none' : 'error';
  const metadata = readTiffMetadata(tiff, layout.directory);
  if (!needsRepacking(layout)) return { bytes: file, page, failOn, metadata };
  return { bytes: await repackTiff(file, layout, failOn), page: 0, failOn: 'truncated', metadata };
}
