import sharp from 'sharp';
import type { AlphaPlane } from './picture.ts';

/**
 * Reads a matte or a trimap from an encoded file: its opacity where it has any, else its first channel. The numbers stay
 * what the file says, without color management: 0..65535, where 8-bit samples are spread over the range.
 * @param grayWhereOpaque takes the first channel also where the opacity is full everywhere
 * @throws {Error} when the file is not a picture or is damaged
 */
export async function readAlphaFile(
  bytes: Buffer,
  grayWhereOpaque = false,
): Promise<AlphaPlane & { data: Uint16Array }> {
  const image = sharp(bytes, { limitInputPixels: false, failOn: 'truncated', autoOrient: true, ignoreIcc: true });
  const { depth, hasAlpha } = await image.metadata();
  const opaque = hasAlpha && grayWhereOpaque && (await image.stats()).isOpaque;
  const deep = depth === 'ushort';
  const { data, info } = await image
    .extractChannel(hasAlpha && !opaque ? 'alpha' : 0)
    .toColorspace(deep ? 'grey16' : 'b-w')
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  if (deep) return { width, height, data: new Uint16Array(data.buffer, data.byteOffset, data.length >> 1) };
  const spread = new Uint16Array(data.length);
  for (let i = 0; i < spread.length; i++) spread[i] = data[i]! * 257;
  return { width, height, data: spread };
}
