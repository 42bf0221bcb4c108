import sharp from 'sharp';
import type { Annotation } from '../annotation.ts';
import { exifTags } from '../metadata/exif.ts';
import type { AlphaPlane, Raster } from '../picture.ts';
import { readSrgbProfile } from '../profile.ts';
import { packClippingPath } from '../psd/clipping-path.ts';
import { TAG } from './directory.ts';
import { addTags, bytesTag } from './tags.ts';

/** Type BYTE, which readers expect of XMP (XMP part 3, 1.1.7) and of image resources. */
const BYTE = 1;

const MM_PER_INCH = 25.4;

/**
 * A losslessly compressed TIFF of 8 or 16 bits; gray for an alpha plane, else RGB with straight alpha if there is one.
 * @param annotation of a plane: only its resolution and XMP are used
 */
export async function encodeTiff(raster: AlphaPlane | Raster, annotation: Annotation = {}): Promise<Buffer> {
  const { width, height, data } = raster;
  const { dpi, profile, metadata, path } = annotation;
  const channels = 'channels' in raster ? raster.channels : 1;
  const deep = data instanceof Uint16Array;
  const space = channels === 1 ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb';
  const perMm = dpi && dpi / MM_PER_INCH;
  const tiff = await sharp(data, { limitInputPixels: false, raw: { width, height, channels } })
    .toColorspace(space)
    .tiff({
      compression: 'deflate',
      predictor: 'horizontal',
      ...(perMm && { xres: perMm, yres: perMm, resolutionUnit: 'inch' }),
    })
    .toBuffer();
  const xmp = metadata?.xmp ? [bytesTag(TAG.xmp, metadata.xmp, BYTE)] : [];
  if (channels === 1) return xmp.length > 0 ? addTags(tiff, xmp) : tiff;
  // The library embeds a profile only together with a conversion, which changes 16-bit samples.
  const tags = [bytesTag(TAG.profile, profile ?? (await readSrgbProfile())), ...xmp];
  if (metadata?.iptc) tags.push(bytesTag(TAG.iptc, metadata.iptc));
  if (path) tags.push(bytesTag(TAG.photoshop, packClippingPath(path), BYTE));
  const about = metadata?.exif && exifTags(metadata.exif, !profile);
  return addTags(tiff, [...tags, ...(about?.tags ?? [])], about?.children);
}
