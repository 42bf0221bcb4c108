import { AppError } from '../../errors.ts';
import { isFrame, MARKER, readSegments } from '../jpeg/segments.ts';
import { exifTags, readExif } from '../metadata/exif.ts';
import { type Directory, TAG, TiffFile } from '../tiff/directory.ts';
import { packTiff, shortTag } from '../tiff/tags.ts';

/** Values of PhotometricInterpretation: color filter array, and linear raw (TIFF/EP; Adobe DNG specification). */
const SENSOR = [32803, 34892];

/** Shares of the sensor's longer side that a full-size preview reaches; cameras crop a little. */
const FULL = 0.9;

const START = Buffer.of(0xff, 0xd8, 0xff);

/** Far more than raw files have; their packed pixels look like a start at times. */
const MAX_STARTS = 512;

interface Preview {
  at: number;
  width: number;
  height: number;
}

/** Whether a TIFF is a camera's raw file, and how large its sensor is. */
export function readSensor(file: TiffFile): { width: number; height: number } | null {
  const pages = file.pages();
  const all = pages.flatMap((page) => [page, ...page.children(TAG.subDirectories)]);
  const raw = all.filter((page) => SENSOR.includes(page.number(TAG.photometric, -1)));
  // Canon's files before 2018 say so behind their header; the sensor's page is the last and has no photometric.
  const isCanon = file.bytes.toString('latin1', 8, 10) === 'CR' && pages.length > 1;
  if (raw.length === 0 && !isCanon) return null;
  return raw
    .map((page) => ({ width: page.number(TAG.width, 0), height: page.number(TAG.height, 0) }))
    .reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a), { width: 0, height: 0 });
}

/**
 * The JPEG of full size that cameras put into their raw files, with the raw file's orientation and metadata where it has
 * none of its own.
 * @param sensor of the raw file, or zeros where that is unknown
 * @throws {AppError} NOT_AN_IMAGE when there is none
 */
export function takePreview(file: Buffer, sensor: { width: number; height: number }): Buffer {
  const found = findPreviews(file).reduce<Preview | null>(
    (best, one) => (best && best.width * best.height >= one.width * one.height ? best : one),
    null,
  );
  const longest = found ? Math.max(found.width, found.height) : 0;
  if (!found || longest < FULL * Math.max(sensor.width, sensor.height) || longest < 1000)
    throw new AppError(
      'NOT_AN_IMAGE',
      'This camera raw file has no full-size preview, and Hairline does not develop raw files.',
    );
  const jpeg = file.subarray(found.at);
  const directory = readHead(file);
  return directory && !hasExif(jpeg) ? addExif(jpeg, directory.file, directory.page) : jpeg;
}

function findPreviews(file: Buffer): Preview[] {
  const found: Preview[] = [];
  let at = file.indexOf(START);
  for (let i = 0; at >= 0 && i < MAX_STARTS; i++) {
    const size = readFrameSize(file, at);
    if (size) found.push({ at, ...size });
    at = file.indexOf(START, at + 3);
  }
  return found;
}

/** Of pictures in color with 8 bits that decoders read; sensors' data are packed as lossless JPEG (SOF3). */
function readFrameSize(file: Buffer, at: number): { width: number; height: number } | null {
  for (const { marker, start, end } of readSegments(file, at + 2)) {
    if (marker === MARKER.sos || marker === MARKER.eoi || end > file.length) return null;
    if (!isFrame(marker)) continue;
    if (![MARKER.sof0, MARKER.sof1, MARKER.sof2].includes(marker as 0xc0) || end - start < 15) return null;
    const isColor = file[start] === 8 && file[start + 5] === 3;
    return isColor ? { height: file.readUInt16BE(start + 1), width: file.readUInt16BE(start + 3) } : null;
  }
  return null;
}

function hasExif(jpeg: Buffer): boolean {
  for (const { marker, start, end } of readSegments(jpeg, 2)) {
    if (marker === MARKER.sos) return false;
    if (marker === 0xe1 && jpeg.toString('latin1', start, Math.min(end, start + 4)) === 'Exif') return true;
  }
  return false;
}

function readHead(file: Buffer): { file: TiffFile; page: Directory } | null {
  if (!/^(II|MM)/.test(file.toString('latin1', 0, 2))) return null;
  try {
    const tiff = new TiffFile(file);
    return { file: tiff, page: tiff.pages()[0]! };
  } catch {
    return null;
  }
}

/** Longest segment (T.81 B.1.1.4), with its length and the mark in front of Exif. */
const MAX_EXIF = 65_535 - 8;

function addExif(jpeg: Buffer, file: TiffFile, page: Directory): Buffer {
  const { tags, children } = exifTags(readExif(file, page), true);
  const orientation = shortTag(TAG.orientation, page.number(TAG.orientation, 1));
  const whole = packTiff([...tags, orientation], children);
  const block = whole.length <= MAX_EXIF ? whole : packTiff([orientation], {});
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(block.length + 8, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, Buffer.from('Exif\0\0', 'latin1'), block, jpeg.subarray(2)]);
}
