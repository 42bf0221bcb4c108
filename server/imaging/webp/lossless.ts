import { damaged } from '../damage.ts';
import { BitReader } from './bits.ts';
import { type PrefixCode, readPrefixCode } from './prefix-code.ts';

/** Kinds of transforms (WebP Lossless Bitstream Specification, 4). */
const PREDICTOR = 0;
const COLOR = 1;
const INDEXING = 3;

/** More sets of codes than encoders make, which would take much memory. */
const MAX_GROUPS = 8192;

const LITERALS = 256;
const LENGTHS = 24;
const DISTANCES = 40;

/** Codes for green with lengths and cached colors, red, blue, alpha, distances. */
type Group = readonly [PrefixCode, PrefixCode, PrefixCode, PrefixCode, PrefixCode];

/** Another kind of file than encoders write. */
class Unknown extends Error {}

/**
 * Follows the codes of a lossless picture to its last pixel, without computing one. Where something was overwritten, there are
 * bytes left in the end, or too few.
 * @param size of the picture, where no header says it, as in a plane of opacity
 * A coding that encoders do not use passes.
 * @throws {AppError} TRUNCATED_IMAGE
 */
export function checkLossless(
  bytes: Buffer,
  start: number,
  end: number,
  size?: { width: number; height: number },
): void {
  const reader = new BitReader(bytes, start, end);
  let { width, height } = size ?? { width: 0, height: 0 };
  if (!size) {
    if (end - start < 5) throw damaged('its pixels are missing');
    if (reader.number(8) !== 0x2f) return;
    [width, height] = [reader.number(14) + 1, reader.number(14) + 1];
    if (reader.number(4) >> 1) return;
  }
  try {
    followPicture(reader, width, height);
  } catch (error) {
    if (error instanceof Unknown) return;
    throw error;
  }
  // Encoders leave nothing behind the last code; a filler that makes the length even is counted by some writers.
  const { left } = reader;
  if (left < 0 || left > 1 || (left === 1 && bytes[end - 1] !== 0)) throw damaged('its pixels are damaged');
}

/** Length of a side that is divided into blocks. */
function blocks(side: number, bits: number): number {
  return (side + (1 << bits) - 1) >> bits;
}

function followPicture(reader: BitReader, width: number, height: number): void {
  const seen = new Set<number>();
  let columns = width;
  while (reader.number(1)) {
    const kind = reader.number(2);
    if (seen.has(kind)) throw damaged('its pixels are damaged');
    seen.add(kind);
    if (kind === PREDICTOR || kind === COLOR) {
      const bits = reader.number(3) + 2;
      readSmall(reader, blocks(columns, bits), blocks(height, bits));
    } else if (kind === INDEXING) {
      const colors = reader.number(8) + 1;
      readSmall(reader, colors, 1);
      columns = blocks(columns, colors > 16 ? 0 : colors > 4 ? 1 : colors > 2 ? 2 : 3);
    }
  }
  const cached = readCacheSize(reader);
  const bits = reader.number(1) ? reader.number(3) + 2 : 0;
  const choice = bits > 0 ? readSmall(reader, blocks(columns, bits), blocks(height, bits)) : null;
  const groupOf = choice?.map((color) => (color >> 8) & 0xffff);
  const count = groupOf ? groupOf.reduce((most, group) => Math.max(most, group), 0) + 1 : 1;
  if (count > MAX_GROUPS) throw new Unknown();
  const groups = Array.from({ length: count }, () => readGroup(reader, cached));
  if (followPixels(reader, groups, groupOf ?? null, bits, columns, height) !== columns * height)
    throw damaged('its pixels are damaged');
}

/** Colors that were used before and have codes. */
function readCacheSize(reader: BitReader): number {
  if (!reader.number(1)) return 0;
  const bits = reader.number(4);
  if (bits < 1 || bits > 11) throw damaged('its pixels are damaged');
  return 1 << bits;
}

function readGroup(reader: BitReader, cached: number): Group {
  if (reader.left < 0) throw damaged('its pixels end too early');
  const read = (symbols: number) => readPrefixCode(reader, symbols);
  return [read(LITERALS + LENGTHS + cached), read(LITERALS), read(LITERALS), read(LITERALS), read(DISTANCES)];
}

/** Distances up to 120 stand for near pixels (5.2.2): four bits for how far up, four for eight less how far left. */
const NEAR = Buffer.from(
  '1807171928062729161a262a38053739151b363a252b48044749141c353b464a242c58454b343c035759131d565a232d444c555b333d68026769121e' +
    '666a222e545c434d656b323e78017779535d111f646c424e767a212f757b313f636d525e00747c414f1020626e30737d515f40727e616f50717f6070',
  'hex',
);

/** How many pixels back the copied ones begin. */
function readDistance(reader: BitReader, code: PrefixCode, columns: number): number {
  const far = readLength(reader, code.read(reader));
  if (far > NEAR.length) return far - NEAR.length;
  const near = NEAR[far - 1]!;
  return Math.max(1, (near >> 4) * columns + 8 - (near & 15));
}

/** @returns how many pixels there were */
function followPixels(
  reader: BitReader,
  groups: readonly Group[],
  groupOf: Uint32Array | null,
  bits: number,
  columns: number,
  height: number,
): number {
  const perLine = blocks(columns, bits);
  const mask = (1 << bits) - 1;
  let group = groups[0]!;
  let [x, y] = [0, 0];
  for (let isElsewhere = true; y < height; ) {
    if (groupOf && (isElsewhere || (x & mask) === 0)) group = groups[groupOf[(y >> bits) * perLine + (x >> bits)]!]!;
    const pixels = followPixel(reader, group, y * columns + x, columns);
    isElsewhere = pixels > 1;
    x += pixels;
    if (x < columns) continue;
    y += Math.floor(x / columns);
    x %= columns;
    if (reader.left < 0) throw damaged('its pixels end too early');
  }
  return y * columns + x;
}

/** @returns how many pixels the next codes stand for */
function followPixel(
  reader: BitReader,
  [green, red, blue, alpha, distance]: Group,
  place: number,
  columns: number,
): number {
  const code = green.read(reader);
  if (code >= LITERALS + LENGTHS) return 1;
  if (code >= LITERALS) {
    const length = readLength(reader, code - LITERALS);
    if (readDistance(reader, distance, columns) > place) throw damaged('its pixels are damaged');
    return length;
  }
  red.read(reader);
  blue.read(reader);
  alpha.read(reader);
  return 1;
}

/** A length or distance: a symbol for its size, then further bits (5.2.2). */
function readLength(reader: BitReader, symbol: number): number {
  if (symbol < 4) return symbol + 1;
  const bits = (symbol - 2) >> 1;
  const offset = (2 + (symbol & 1)) << bits;
  // Up to 18, more than are read at once.
  const low = Math.min(bits, 12);
  return offset + reader.number(low) + reader.number(bits - low) * (1 << low) + 1;
}

/** A picture that tells about the large one; decoded, as its colors choose codes. */
function readSmall(reader: BitReader, width: number, height: number): Uint32Array {
  const cached = readCacheSize(reader);
  const group = readGroup(reader, cached);
  const [green, red, blue, alpha, distance] = group;
  const pixels = new Uint32Array(width * height);
  const cache = new Uint32Array(cached);
  const shift = 32 - Math.log2(Math.max(1, cached));
  let remembered = 0;
  for (let i = 0; i < pixels.length; ) {
    if (reader.left < 0) throw damaged('its pixels end too early');
    const code = green.read(reader);
    if (code < LITERALS) {
      const [r, b, a] = [red.read(reader), blue.read(reader), alpha.read(reader)];
      pixels[i++] = (a << 24) | (r << 16) | (code << 8) | b;
    } else if (code < LITERALS + LENGTHS) {
      const length = readLength(reader, code - LITERALS);
      const back = readDistance(reader, distance, width);
      if (back > i || length > pixels.length - i) throw damaged('its pixels are damaged');
      for (let k = 0; k < length; k++, i++) pixels[i] = pixels[i - back]!;
    } else {
      for (; remembered < i; remembered++)
        cache[Math.imul(0x1e35a7bd, pixels[remembered]!) >>> shift] = pixels[remembered]!;
      pixels[i++] = cache[code - LITERALS - LENGTHS]!;
    }
  }
  return pixels;
}
