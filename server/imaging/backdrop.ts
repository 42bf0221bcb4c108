import sharp from 'sharp';
import { AppError } from '../errors.ts';
import { openEncoded } from './codec.ts';
import type { Raster } from './picture.ts';

/**
 * Scales a picture so that it covers `width` x `height`, keeping its shape and its middle. Opaque RGB.
 * @throws {AppError} NOT_AN_IMAGE, TRUNCATED_IMAGE, IMAGE_TOO_LARGE
 */
export async function readBackdrop(bytes: Buffer, width: number, height: number, depth: 8 | 16): Promise<Raster> {
  await openEncoded(bytes);
  const { data } = await sharp(bytes, { limitInputPixels: false, failOn: 'truncated', pages: 1, autoOrient: true })
    .resize(width, height, { fit: 'cover' })
    .flatten({ background: 'white' })
    .toColourspace(depth === 16 ? 'rgb16' : 'srgb')
    .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      throw new AppError('TRUNCATED_IMAGE', 'The background picture is damaged or incomplete.', { cause });
    });
  const samples = depth === 16 ? new Uint16Array(data.buffer, data.byteOffset, data.length >> 1) : data;
  return { width, height, channels: 3, data: samples };
}
