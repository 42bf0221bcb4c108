import type { MetadataChoice } from '../../../protocol/matte.ts';
import { findResource, IPTC_RESOURCE } from '../psd/find-resource.ts';
import { type Directory, TAG, type TiffFile } from '../tiff/directory.ts';
import { type Exif, readExif, readExifBlock } from './exif.ts';
import { cleanXmp } from './xmp.ts';

/** What is known about a picture beside its pixels. */
export interface Metadata {
  exif?: Exif | undefined;
  /** A packet of XMP. */
  xmp?: Buffer | undefined;
  /** Records of the IPTC's IIM. */
  iptc?: Buffer | undefined;
}

/** First byte of every data set (IIM 4.2, 1.6). */
const IPTC_MARK = 0x1c;
const MAX_IPTC = 1024 * 1024;

interface Blocks {
  exif?: Buffer | undefined;
  xmp?: Buffer | undefined;
  iptc?: Buffer | undefined;
}

/** From the blocks that the image library finds in a file. */
export function readBlocks(blocks: Blocks): Metadata {
  return {
    exif: (blocks.exif && readExifBlock(blocks.exif)) ?? undefined,
    xmp: blocks.xmp,
    iptc: readIptc(blocks.iptc ?? null),
  };
}

export function readTiffMetadata(file: TiffFile, directory: Directory): Metadata {
  return {
    exif: readExif(file, directory),
    xmp: directory.bytes(TAG.xmp) ?? undefined,
    iptc: readIptc(directory.bytes(TAG.iptc)) ?? readIptc(directory.bytes(TAG.photoshop)),
  };
}

/** @param block the records, or image resources of Photoshop with them */
function readIptc(block: Buffer | null): Buffer | undefined {
  if (!block || block.length > MAX_IPTC) return undefined;
  if (block[0] === IPTC_MARK) return block;
  // JPEG has "Photoshop 3.0" and a zero in front.
  const start = block.indexOf('8BIM');
  return start < 0 ? undefined : (findResource(block.subarray(start), IPTC_RESOURCE) ?? undefined);
}

/** @returns nothing where nothing is left */
export function chooseMetadata(metadata: Metadata | undefined, choice: MetadataChoice): Metadata | undefined {
  if (!metadata || choice === 'none') return undefined;
  const { exif, xmp, iptc } = metadata;
  const places = choice === 'all';
  const chosen = exif && { ...exif, gps: places ? exif.gps : [] };
  const isEmpty = !chosen || Object.values(chosen).every((tags) => tags.length === 0);
  return { exif: isEmpty ? undefined : chosen, xmp: (xmp && cleanXmp(xmp, places)) ?? undefined, iptc };
}
