import sharp from 'sharp';
import type { AlphaPlane, Raster } from '../picture.ts';
import { tagTiff } from '../profile.ts';

/**
 * A losslessly compressed TIFF of 8 or 16 bits; gray for an alpha plane, else sRGB with straight alpha if there is one.
 */
export async function encodeTiff(raster: AlphaPlane | Raster): Promise<Buffer> {
  const { width, height, data } = raster;
  const channels = 'channels' in raster ? raster.channels : 1;
  const deep = data instanceof Uint16Array;
  const space = channels === 1 ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb';
  const tiff = await sharp(data, { limitInputPixels: false, raw: { width, height, channels } })
    .toColourspace(space)
    .tiff({ compression: 'deflate', predictor: 'horizontal' })
    .toBuffer();
  return channels === 1 ? tiff : tagTiff(tiff);
}
