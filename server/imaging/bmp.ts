import { checkSize } from './check-size.ts';
import { damaged } from './damage.ts';
import type { Raster } from './picture.ts';

/** Values of biCompression (Microsoft, BITMAPINFOHEADER and later). */
const RGB = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

const FILE_HEADER = 14;
const CORE_HEADER = 12;
const INCHES_PER_METER = 39.37;

export interface Bitmap extends Raster {
  dpi: number | undefined;
}

interface Layout {
  width: number;
  height: number;
  /** The first row is the top one. */
  isDown: boolean;
  bits: number;
  compression: number;
  /** Red, green, blue and alpha; 0 where there is none. */
  masks: readonly number[];
  palette: Buffer;
  /** Bytes of an entry of the palette. */
  entry: number;
  pixels: Buffer;
}

/**
 * Decodes a Windows or OS/2 bitmap of 1 to 32 bits, packed or not. Numbers beyond the palette become its first color, as
 * other readers do.
 * @param allowDamaged missing pixels become black
 * @throws {AppError} TRUNCATED_IMAGE, IMAGE_TOO_LARGE, INVALID_SIZE
 */
export function readBmp(file: Buffer, allowDamaged = false): Bitmap {
  const layout = readLayout(file);
  const { width, height, isDown, bits, compression, masks } = layout;
  checkSize(width, height);
  const channels = masks[3] ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const rowOf = (y: number) => (isDown ? y : height - 1 - y) * width * channels;
  if (compression === RLE8 || compression === RLE4) {
    const indices = unpackRuns(layout, allowDamaged);
    for (let y = 0; y < height; y++)
      for (let x = 0, t = rowOf(y); x < width; x++, t += 3) putIndex(layout, indices[y * width + x]!, data, t);
  } else {
    const stride = Math.ceil((width * bits) / 32) * 4;
    const missing = stride * (height - 1) + Math.ceil((width * bits) / 8) - layout.pixels.length;
    if (missing > 0 && !allowDamaged) throw damaged(`${missing} bytes of pixels are missing`);
    const rows = missing > 0 ? Math.floor(layout.pixels.length / stride) : height;
    for (let y = 0; y < rows; y++) readRow(layout, y * stride, data, rowOf(y), channels);
  }
  const perMeter = file.length >= 42 && file.readUInt32LE(14) >= 40 ? file.readInt32LE(38) : 0;
  return { width, height, channels, data, dpi: perMeter > 0 ? Math.round(perMeter / INCHES_PER_METER) : undefined };
}

function readLayout(file: Buffer): Layout {
  const size = file.length >= FILE_HEADER + CORE_HEADER ? file.readUInt32LE(14) : 0;
  const isCore = size === CORE_HEADER;
  if ((!isCore && size < 16) || FILE_HEADER + size > file.length) throw damaged('its header is cut');
  const at = (place: number) => (place + 4 <= FILE_HEADER + size ? file.readUInt32LE(place) : 0);
  const width = isCore ? file.readUInt16LE(18) : file.readInt32LE(18);
  const tall = isCore ? file.readInt16LE(20) : file.readInt32LE(22);
  const bits = file.readUInt16LE(isCore ? 24 : 28);
  const compression = isCore ? RGB : at(30);
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits)) throw damaged(`${bits} bits a pixel make no sense`);
  const isPacked = (compression === RLE8 && bits === 8) || (compression === RLE4 && bits === 4);
  const hasMasks = [BITFIELDS, ALPHA_BITFIELDS].includes(compression) && (bits === 16 || bits === 32);
  if (compression !== RGB && !isPacked && !hasMasks) throw damaged('its kind of compression is unknown');
  // Older headers have the masks behind them.
  const outside = hasMasks && size < 52 ? (compression === BITFIELDS ? 12 : 16) : 0;
  const colors = FILE_HEADER + size + outside;
  const start = file.readUInt32LE(10);
  if (colors > file.length || start > file.length) throw damaged('its pixels lie beyond the end of the file');
  const entry = isCore ? 3 : 4;
  const count = bits <= 8 ? Math.min(at(46) || 1 << bits, 1 << bits) : 0;
  return {
    width,
    height: Math.abs(tall),
    isDown: tall < 0,
    bits,
    compression,
    masks: chooseMasks(file, bits, hasMasks, size >= 56 || outside === 16),
    palette: file.subarray(colors, Math.min(file.length, colors + count * entry)),
    entry,
    pixels: file.subarray(start),
  };
}

function chooseMasks(file: Buffer, bits: number, hasMasks: boolean, hasAlpha: boolean): number[] {
  if (!hasMasks) return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  const count = hasAlpha ? 4 : 3;
  if (file.length < 54 + 4 * count) throw damaged('its header is cut');
  return [0, 1, 2, 3].map((i) => (i < count ? file.readUInt32LE(54 + 4 * i) : 0));
}

function readRow(layout: Layout, start: number, data: Uint8Array, at: number, channels: number): void {
  const { width, bits, pixels, masks } = layout;
  if (bits <= 8) {
    const perByte = 8 / bits;
    const top = (1 << bits) - 1;
    for (let x = 0; x < width; x++, at += channels) {
      const shift = 8 - bits * ((x % perByte) + 1);
      putIndex(layout, (pixels[start + Math.floor(x / perByte)]! >> shift) & top, data, at);
    }
    return;
  }
  if (bits === 24) {
    for (let x = 0; x < width; x++, at += 3, start += 3) {
      data[at] = pixels[start + 2]!;
      data[at + 1] = pixels[start + 1]!;
      data[at + 2] = pixels[start]!;
    }
    return;
  }
  const shifts = masks.map((mask) => (mask === 0 ? 0 : 31 - Math.clz32(mask & -mask)));
  const tops = masks.map((mask, i) => mask >>> shifts[i]!);
  for (let x = 0; x < width; x++, at += channels, start += bits / 8) {
    const value = bits === 16 ? pixels.readUInt16LE(start) : pixels.readUInt32LE(start);
    for (let c = 0; c < channels; c++)
      data[at + c] = tops[c]! > 0 ? (((value & masks[c]!) >>> shifts[c]!) * 255) / tops[c]! + 0.5 : 0;
  }
}

/** Blue, green, red. */
function putIndex({ palette, entry }: Layout, index: number, data: Uint8Array, at: number): void {
  const place = (index + 1) * entry <= palette.length ? index * entry : 0;
  data[at] = palette[place + 2] ?? 0;
  data[at + 1] = palette[place + 1] ?? 0;
  data[at + 2] = palette[place] ?? 0;
}

/** Runs and stretches of numbers, as they lie in the file: the bottom row comes first. */
function unpackRuns({ width, height, bits, pixels }: Layout, allowDamaged: boolean): Uint8Array {
  const out = new Uint8Array(width * height);
  let [x, y, at, isEnded] = [0, 0, 0, false];
  const put = (index: number) => {
    if (x < width && y < height) out[y * width + x] = index;
    x++;
  };
  while (!isEnded && at + 2 <= pixels.length) {
    const [count, value] = [pixels[at]!, pixels[at + 1]!];
    at += 2;
    if (count > 0) for (let i = 0; i < count; i++) put(bits === 8 ? value : i & 1 ? value & 15 : value >> 4);
    else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) isEnded = true;
    else if (value === 2) {
      x += pixels[at] ?? 0;
      y += pixels[at + 1] ?? 0;
      at += 2;
    } else {
      const bytes = bits === 8 ? value : (value + 1) >> 1;
      if (at + bytes > pixels.length) break;
      for (let i = 0; i < value; i++)
        put(bits === 8 ? pixels[at + i]! : i & 1 ? pixels[at + (i >> 1)]! & 15 : pixels[at + (i >> 1)]! >> 4);
      at += bytes + (bytes & 1);
    }
  }
  // Some writers leave out the mark at the end.
  if (!isEnded && y < height - 1 && !allowDamaged) throw damaged('its packed pixels end too early');
  return out;
}
