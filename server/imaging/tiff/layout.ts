import { findResource } from '../psd/find-resource.ts';
import { type Directory, TAG, type TiffFile } from './directory.ts';

/** Values of PhotometricInterpretation (TIFF 6.0 section 8, 23; TIFF Technical Note 4 for ICC Lab). */
export const PHOTOMETRIC = {
  white: 0,
  black: 1,
  rgb: 2,
  palette: 3,
  mask: 4,
  cmyk: 5,
  ycbcr: 6,
  lab: 8,
  iccLab: 9,
} as const;

/** Samples of a pixel that are color. */
const COLORS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3 };

/** Values of ExtraSamples (TIFF 6.0 section 18). */
const ASSOCIATED = 1;
const UNASSOCIATED = 2;

/** Photoshop's list of channels that are no colors: one number each, 0 for transparency (Image Resource IDs, 1053). */
const ALPHA_IDENTIFIERS = 1053;

/** How the samples of one page lie in the file, and what they mean. */
export interface Layout {
  /** Number of the page. */
  page: number;
  directory: Directory;
  width: number;
  height: number;
  bits: number;
  /** TIFF's SampleFormat: 1 unsigned, 2 signed, 3 floating. */
  format: number;
  photometric: number;
  compression: number;
  /** Samples of a pixel. */
  samples: number;
  colors: number;
  /** Which sample is the transparency, and whether colors are multiplied by it already. */
  transparency: { sample: number; isPremultiplied: boolean } | null;
  isPlanar: boolean;
}

/** The page that shows the picture, not its thumbnail: Photoshop, cameras and scanners put either first. */
export function findPicture(file: TiffFile): Layout {
  const pages = file.pages().map((directory, page) => readLayout(directory, page));
  const whole = pages.filter(({ directory }) => (directory.number(TAG.newSubfileType, 0) & 0b101) === 0);
  const [first] = whole.length > 0 ? whole : pages;
  const area = ({ width, height }: Layout) => width * height;
  // A thumbnail that does not call itself one: the same shape, and a far larger page behind it.
  const larger = whole.find((page) => area(page) >= 4 * area(first!) && isSameShape(page, first!));
  return larger ?? first!;
}

function isSameShape(a: Layout, b: Layout): boolean {
  return Math.abs((a.width * b.height) / (a.height * b.width) - 1) < 0.05;
}

function readLayout(directory: Directory, page: number): Layout {
  const photometric = directory.number(TAG.photometric, PHOTOMETRIC.black);
  const samples = directory.number(TAG.samplesPerPixel, 1);
  const colors = COLORS[photometric] ?? samples;
  return {
    page,
    directory,
    width: directory.number(TAG.width, 0),
    height: directory.number(TAG.height, 0),
    bits: directory.number(TAG.bitsPerSample, 1),
    format: directory.number(TAG.sampleFormat, 1),
    photometric,
    compression: directory.number(TAG.compression, 1),
    samples,
    colors,
    transparency: findTransparency(directory, colors),
    isPlanar: directory.number(TAG.planar, 1) === 2,
  };
}

/** The first extra sample that is said to be one, unless Photoshop says that it saved a selection there. */
function findTransparency(directory: Directory, colors: number): Layout['transparency'] {
  const kinds = directory.numbers(TAG.extraSamples, 64);
  const saved = readAlphaIdentifiers(directory.bytes(TAG.photoshop));
  const index = kinds.findIndex((kind, i) => (kind === ASSOCIATED || kind === UNASSOCIATED) && !saved[i]);
  return index < 0 ? null : { sample: colors + index, isPremultiplied: kinds[index] === ASSOCIATED };
}

function readAlphaIdentifiers(blocks: Buffer | null): number[] {
  const list = blocks && findResource(blocks, ALPHA_IDENTIFIERS);
  return list ? Array.from({ length: Math.min(64, list.length >> 2) }, (_, i) => list.readUInt32BE(4 * i)) : [];
}
