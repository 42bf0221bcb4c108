import { setImmediate as breathe } from 'node:timers/promises';
import { packBits, packedBound } from './packbits.ts';
import type { Plane, Samples } from './plane.ts';

/** Compression methods (specification: Channel Image Data). */
const RAW = 0;
const RLE = 1;

/** Bytes that are handed on at a time. */
const CHUNK = 1 << 20;

/** Every how many lines one is packed as a sample, and the share it must save for packing to be worth it. */
const SAMPLE = 16;
const WORTH = 0.1;

export interface Canvas {
  width: number;
  height: number;
  depth: 8 | 16;
}

/**
 * Pixels of one channel, or of several that share one compression as the merged image's do. Lines are read, packed and
 * handed on a megabyte at a time. Lengths come before the data in the file, so lines that are packed are packed twice:
 * once for their lengths, once for their bytes. That costs time, but neither memory nor a file that can be rewound.
 */
export class ChannelData {
  readonly #planes: readonly Plane[];
  readonly #canvas: Canvas;
  readonly #row: Samples;
  readonly #line: Buffer;
  /** Packed length of each line; null when the data is stored as it is. */
  readonly #lengths: Uint32Array | null;

  private constructor(planes: readonly Plane[], canvas: Canvas, lengths: Uint32Array | null) {
    this.#planes = planes;
    this.#canvas = canvas;
    this.#row = newRow(canvas);
    this.#line = Buffer.from(this.#row.buffer);
    this.#lengths = lengths;
  }

  /** Chooses the compression, and finds out how long each packed line is. */
  static async measure(planes: readonly Plane[], canvas: Canvas, signal?: AbortSignal): Promise<ChannelData> {
    const data = new ChannelData(planes, canvas, null);
    const scratch = new Uint8Array(packedBound(data.#line.length));
    const lines = planes.length * canvas.height;
    let sampled = 0;
    let packed = 0;
    for (let i = 0; i < lines; i += SAMPLE, sampled++) packed += packBits(data.#read(i), scratch, 0);
    // Noise, which every photograph has, does not pack; 16-bit samples hardly ever do.
    if (packed > sampled * data.#line.length * (1 - WORTH)) return data;
    const lengths = new Uint32Array(lines);
    const pause = Math.max(1, Math.floor(CHUNK / data.#line.length));
    for (let i = 0; i < lines; i++) {
      lengths[i] = packBits(data.#read(i), scratch, 0);
      if (i % pause !== 0) continue;
      await breathe();
      signal?.throwIfAborted();
    }
    return new ChannelData(planes, canvas, lengths);
  }

  /** Bytes in the file, the compression word included. */
  size(isLarge: boolean): number {
    if (!this.#lengths) return 2 + this.#planes.length * this.#canvas.height * this.#line.length;
    let size = 2 + this.#lengths.length * (isLarge ? 4 : 2);
    for (const length of this.#lengths) size += length;
    return size;
  }

  /** Specification, Channel Image Data: the compression, the byte counts of all lines (RLE only), the lines. */
  async *chunks(isLarge: boolean, signal?: AbortSignal): AsyncGenerator<Buffer> {
    yield Buffer.of(0, this.#lengths ? RLE : RAW);
    if (this.#lengths) yield countTable(this.#lengths, isLarge);
    const lines = this.#planes.length * this.#canvas.height;
    const most = this.#lengths ? packedBound(this.#line.length) : this.#line.length;
    const capacity = Math.max(CHUNK, most);
    for (let i = 0; i < lines; ) {
      signal?.throwIfAborted();
      // A new buffer each time: the consumer may hold on to it while writing to a disk or a socket.
      const chunk = Buffer.allocUnsafeSlow(Math.min(capacity, (lines - i) * most));
      let end = 0;
      for (; i < lines && end + most <= chunk.length; i++) {
        const line = this.#read(i);
        if (this.#lengths) end = packBits(line, chunk, end);
        else {
          chunk.set(line, end);
          end += line.length;
        }
      }
      yield chunk.subarray(0, end);
    }
  }

  /** A line as it is stored, big-endian. Valid until the next one is read. */
  #read(index: number): Buffer {
    const { height, depth } = this.#canvas;
    const plane = Math.floor(index / height);
    this.#planes[plane]!(index - plane * height, this.#row);
    if (depth === 16) this.#line.swap16();
    return this.#line;
  }
}

function newRow({ width, depth }: Canvas): Samples {
  return depth === 16 ? new Uint16Array(width) : new Uint8Array(width);
}

/** Counts of 2 bytes, of 4 in a large document. */
function countTable(lengths: Uint32Array, isLarge: boolean): Buffer {
  const table = Buffer.allocUnsafe(lengths.length * (isLarge ? 4 : 2));
  let at = 0;
  for (const length of lengths) at = isLarge ? table.writeUInt32BE(length, at) : table.writeUInt16BE(length, at);
  return table;
}
