import { AppError } from '../errors.ts';
import { readMaskFile } from '../imaging/mask-file.ts';
import type { Plane16 } from '../matting/edge/plane.ts';

interface Size {
  width: number;
  height: number;
}

/**
 * The mask that came with a picture.
 * @param depth of a raw plane, or null for an encoded picture
 * @throws {AppError} BAD_REQUEST for another size than the picture's, NOT_AN_IMAGE, TRUNCATED_IMAGE
 */
export async function readMask(bytes: Buffer, depth: 8 | 16 | null, { width, height }: Size): Promise<Plane16> {
  if (depth === null) return readMaskFile(bytes, (size) => checkSameSize(size, { width, height }));
  const data = new Uint16Array(width * height);
  if (depth === 8) for (let i = 0; i < data.length; i++) data[i] = bytes[i]! * 257;
  // Copied: the plane may begin at an odd address.
  else for (let i = 0; i < data.length; i++) data[i] = bytes.readUInt16LE(2 * i);
  return { width, height, data };
}

function checkSameSize(mask: Size, picture: Size): void {
  if (mask.width === picture.width && mask.height === picture.height) return;
  throw new AppError(
    'BAD_REQUEST',
    `The mask has ${mask.width} x ${mask.height} pixels, but the picture ${picture.width} x ${picture.height}. They must be the same size.`,
  );
}
