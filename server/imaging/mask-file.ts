import sharp from 'sharp';
import { AppError } from '../errors.ts';
import { readAlphaFile } from './alpha-file.ts';
import { sniffType } from './formats.ts';
import type { AlphaPlane } from './picture.ts';

/**
 * Reads a mask that a client sent: its opacity, or its gray values where it is opaque everywhere.
 * @param check given the size before a pixel is decoded, and throws where that is wrong
 * @throws {AppError} NOT_AN_IMAGE, TRUNCATED_IMAGE, and what `check` throws
 */
export async function readMaskFile(
  bytes: Buffer,
  check: (size: { width: number; height: number }) => void,
): Promise<AlphaPlane & { data: Uint16Array }> {
  if (!sniffType(bytes)) throw new AppError('NOT_AN_IMAGE', 'The mask is not a picture that can be read.');
  const { autoOrient } = await sharp(bytes)
    .metadata()
    .catch((cause) => {
      throw new AppError('NOT_AN_IMAGE', 'The mask is not a picture that can be read.', { cause });
    });
  check(autoOrient);
  return readAlphaFile(bytes, true).catch((cause) => {
    throw new AppError('TRUNCATED_IMAGE', 'The mask is damaged or incomplete.', { cause });
  });
}
