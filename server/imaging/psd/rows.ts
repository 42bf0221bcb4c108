import { pipeline, Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { damaged } from '../damage.ts';
import { unpackBits } from './packbits.ts';
import type { ByteSource, Span } from './source.ts';
import type { PsdDepth } from './structure.ts';

/** Compression methods (specification: Channel Image Data). */
export const COMPRESSION = { raw: 0, rle: 1, zip: 2, zipPredicted: 3 } as const;

/** Bytes of compressed data that are read at a time. */
const CHUNK = 1 << 16;

/** Lines of one channel, read from top to bottom. */
export interface RowReader {
  /** The next lines as they were before they were packed, big-endian. */
  next(count: number): Promise<Buffer>;
  /** Stops reading early. */
  close(): void;
}

/** Pixels of channels that follow each other and share one compression, as they are stored. */
export interface PackedChannels {
  source: ByteSource;
  /** With the compression word. */
  span: Span;
  width: number;
  height: number;
  depth: PsdDepth;
  isLarge: boolean;
  /** How many channels there are: one in a layer, all in the merged image. */
  count: number;
}

export function rowBytes(width: number, depth: PsdDepth): number {
  return depth === 1 ? Math.ceil(width / 8) : (width * depth) / 8;
}

export async function readCompression({ source, span }: PackedChannels): Promise<number> {
  if (span.end - span.start < 2) throw damaged('its pixels are missing');
  return (await source.read(span.start, 2)).readUInt16BE();
}

/** @param index of the channel; skipped ones are not unpacked where the compression allows it */
export async function openRows(packed: PackedChannels, index = 0): Promise<RowReader> {
  const compression = await readCompression(packed);
  const { width, height, depth } = packed;
  const line = rowBytes(width, depth);
  switch (compression) {
    case COMPRESSION.raw:
      return rawRows(packed, line, 2 + index * height * line);
    case COMPRESSION.rle:
      return rleRows(packed, line, await readCounts(packed, index * height, height), await rleStart(packed, index));
    case COMPRESSION.zip:
      return zipRows(packed, line, index * height, () => {});
    case COMPRESSION.zipPredicted:
      return zipRows(packed, line, index * height, (row) => undoPrediction(row, depth));
    default:
      throw damaged('its pixels are packed in an unknown way');
  }
}

function rawRows({ source, span, height }: PackedChannels, line: number, offset: number): RowReader {
  let at = span.start + offset;
  if (at + height * line > span.end) throw damaged('its pixels end too early');
  return {
    async next(count) {
      at += count * line;
      return source.read(at - count * line, count * line);
    },
    close() {},
  };
}

/** Packed lengths of some lines. */
export async function readCounts(packed: PackedChannels, first: number, lines: number): Promise<Uint32Array> {
  const { source, span, isLarge } = packed;
  const bytes = isLarge ? 4 : 2;
  const start = span.start + 2 + first * bytes;
  if (start + lines * bytes > span.end) throw damaged('its pixels end too early');
  const table = await source.read(start, lines * bytes);
  return Uint32Array.from({ length: lines }, (_, i) =>
    isLarge ? table.readUInt32BE(4 * i) : table.readUInt16BE(2 * i),
  );
}

/** Where the packed lines of a channel begin. */
export async function rleStart(packed: PackedChannels, index: number): Promise<number> {
  const { span, height, count, isLarge } = packed;
  let at = span.start + 2 + count * height * (isLarge ? 4 : 2);
  for (let i = 0; i < index; i++) for (const length of await readCounts(packed, i * height, height)) at += length;
  return at;
}

function rleRows({ source, span }: PackedChannels, line: number, counts: Uint32Array, start: number): RowReader {
  let at = start;
  let row = 0;
  if (counts.reduce((sum, length) => sum + length, start) > span.end) throw damaged('its pixels end too early');
  return {
    async next(count) {
      let bytes = 0;
      for (let i = row; i < row + count; i++) bytes += counts[i]!;
      if (at + bytes > span.end) throw damaged('its pixels end too early');
      const packed = await source.read(at, bytes);
      const out = Buffer.allocUnsafeSlow(count * line);
      for (let i = 0, from = 0; i < count; i++, row++) {
        const length = counts[row]!;
        if (!unpackBits(packed.subarray(from, from + length), out.subarray(i * line, (i + 1) * line)))
          throw damaged(`line ${row + 1} of its pixels cannot be unpacked`);
        from += length;
      }
      at += bytes;
      return out;
    },
    close() {},
  };
}

function zipRows(packed: PackedChannels, line: number, skipped: number, finish: (row: Buffer) => void): RowReader {
  const { source, span } = packed;
  const inflate = createInflate({ chunkSize: CHUNK });
  // The reader below is told; after it has stopped, an error of what was still on its way must end no process.
  inflate.on('error', () => {});
  pipeline(
    Readable.from(chunks(source, { start: span.start + 2, end: span.end }), { highWaterMark: 1 }),
    inflate,
    () => {},
  );
  const unpacked = inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (target: Buffer) => {
    for (let at = 0; at < target.length; ) {
      if (rest.length === 0) {
        const { value, done } = await unpacked.next().catch((cause: unknown) => {
          throw damaged('its pixels cannot be unpacked', cause);
        });
        if (done) throw damaged('its pixels end too early');
        rest = value;
      }
      const part = rest.subarray(0, target.length - at);
      target.set(part, at);
      at += part.length;
      rest = rest.subarray(part.length);
    }
  };
  let toSkip = skipped;
  return {
    async next(count) {
      for (const dropped = Buffer.allocUnsafe(toSkip > 0 ? line : 0); toSkip > 0; toSkip--) await fill(dropped);
      const out = Buffer.allocUnsafeSlow(count * line);
      await fill(out);
      for (let i = 0; i < count; i++) finish(out.subarray(i * line, (i + 1) * line));
      return out;
    },
    close() {
      inflate.destroy();
    },
  };
}

async function* chunks(source: ByteSource, { start, end }: Span): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += CHUNK) yield source.read(at, Math.min(CHUNK, end - at));
}

/**
 * Each sample was stored as the difference from the one to its left. Floating samples were split into their four bytes first, all
 * highest bytes of a line before all second ones (Adobe TIFF Technical Note 3).
 */
function undoPrediction(row: Buffer, depth: PsdDepth): void {
  if (depth === 16) {
    for (let i = 2; i < row.length; i += 2)
      row.writeUInt16BE((row.readUInt16BE(i) + row.readUInt16BE(i - 2)) & 0xffff, i);
    return;
  }
  for (let i = 1; i < row.length; i++) row[i] = row[i]! + row[i - 1]!;
  if (depth !== 32) return;
  const split = Buffer.from(row);
  const width = row.length / 4;
  for (let x = 0; x < width; x++) for (let b = 0; b < 4; b++) row[4 * x + b] = split[b * width + x]!;
}
