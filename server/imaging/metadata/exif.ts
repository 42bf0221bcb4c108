import { type Directory, TAG, TiffFile } from '../tiff/directory.ts';
import { packTiff, resolutionTags, shortTag, type Tag, toLittle } from '../tiff/tags.ts';

/** What a camera or an editor wrote about a picture (Exif 2.32, 4.6), little-endian. */
export interface Exif {
  /** Of IFD0: who, what, when. Nothing about how pixels are stored. */
  image: Tag[];
  /** Of the Exif IFD. */
  photo: Tag[];
  gps: Tag[];
}

/**
 * Description, make, model, software, date, artist, host computer, rating, copyright, and the Unicode ones of Windows. Not:
 * orientation, as results are upright.
 */
const ABOUT = new Set([270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095]);

const COLOR_SPACE = 40961;
/** Values of ColorSpace. */
const SRGB = 1;
const UNCALIBRATED = 0xffff;

/**
 * Not true of the result, or not to be moved: components and their compression, maker notes with places inside the old file,
 * sizes, interoperability, and places in a picture that may have been turned since.
 */
const LEFT_OUT = new Set([COLOR_SPACE, 37121, 37122, 37396, 37500, 40962, 40963, 40965, 41492]);

/** The last of TIFF 6.0: what BigTIFF added has no place in Exif. */
const MAX_TYPE = 12;

/** Longest value; previews and private data are longer. */
const MAX_VALUE = 65_536;

/** @param directory IFD0 of the file */
export function readExif(file: TiffFile, directory: Directory): Exif {
  const read = (from: Directory | undefined, isWanted: (tag: number) => boolean): Tag[] =>
    [...(from?.entries.values() ?? [])].flatMap(({ tag, type, count, bytes }) => {
      if (!isWanted(tag) || type > MAX_TYPE || bytes === 0 || bytes > MAX_VALUE) return [];
      const data = from!.bytes(tag);
      return data ? [{ tag, type, count, data: file.isLittle ? Buffer.from(data) : toLittle(data, type) }] : [];
    });
  const [photo] = directory.children(TAG.exif);
  const [gps] = directory.children(TAG.gps);
  return {
    image: read(directory, (tag) => ABOUT.has(tag)),
    photo: read(photo, (tag) => !LEFT_OUT.has(tag)),
    gps: read(gps, () => true),
  };
}

/** @param block as it stands in other formats, with or without the mark in front of it */
export function readExifBlock(block: Buffer): Exif | null {
  // JPEG has six bytes in front, HEIF four more.
  const start = [0, 4, 6, 10].find((at) => ['II*\0', 'MM\0*'].includes(block.toString('latin1', at, at + 4)));
  if (start === undefined) return null;
  try {
    const file = new TiffFile(block.subarray(start));
    return readExif(file, file.pages()[0]!);
  } catch {
    return null;
  }
}

/** The directories for a result. @param isSrgb of the result's colors */
export function exifTags(
  { image, photo, gps }: Exif,
  isSrgb: boolean,
): { tags: Tag[]; children: Record<number, Tag[]> } {
  const space = photo.length > 0 ? [shortTag(COLOR_SPACE, isSrgb ? SRGB : UNCALIBRATED)] : [];
  return { tags: image, children: { [TAG.exif]: [...photo, ...space], [TAG.gps]: gps } };
}

/** A block as other formats carry it, without a mark in front. */
export function packExif(exif: Exif, isSrgb: boolean, dpi: number | undefined): Buffer {
  const { tags, children } = exifTags(exif, isSrgb);
  return packTiff([...tags, ...(dpi ? resolutionTags(dpi) : [])], children);
}
