import type { Depth } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import { readCover } from './codec.ts';
import type { Raster } from './picture.ts';

/**
 * A background picture: it covers `width` x `height`, keeping its aspect ratio and center. Opaque RGB.
 * @throws {AppError} NOT_AN_IMAGE, TRUNCATED_IMAGE, IMAGE_TOO_LARGE
 */
export async function readBackdrop(bytes: Buffer, width: number, height: number, depth: Depth): Promise<Raster> {
  return readCover(bytes, width, height, depth).catch((cause) => {
    if (!(cause instanceof AppError) || cause.code !== 'TRUNCATED_IMAGE') throw cause;
    throw new AppError('TRUNCATED_IMAGE', 'The background picture is damaged or incomplete.', { cause });
  });
}
