import type { PsdDepth } from './structure.ts';

/** 8 and 16 bits over their whole range; floating samples from 0 (black) to 1 and beyond. */
export type Pixels = Uint8Array | Uint16Array | Float32Array;

/** Big-endian bytes of some lines as samples. Bitmaps become 8 bits, where a set bit is black. */
export function toSamples(bytes: Buffer, depth: PsdDepth, width: number): Pixels {
  if (depth === 8) return bytes;
  if (depth === 1) return fromBits(bytes, width);
  const own = new Uint8Array(bytes);
  const buffer = Buffer.from(own.buffer);
  return depth === 16 ? new Uint16Array(buffer.swap16().buffer) : new Float32Array(buffer.swap32().buffer);
}

function fromBits(bytes: Buffer, width: number): Uint8Array {
  const line = Math.ceil(width / 8);
  const out = new Uint8Array((bytes.length / line) * width);
  for (let i = 0; i < out.length; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    out[i] = (bytes[y * line + (x >> 3)]! >> (7 - (x & 7))) & 1 ? 0 : 255;
  }
  return out;
}

/** The value of white and of full opacity. */
export function fullOf(depth: PsdDepth): number {
  return depth === 32 ? 1 : depth === 16 ? 65535 : 255;
}

export function newPixels(depth: PsdDepth, length: number): Pixels {
  if (depth === 32) return new Float32Array(length);
  return depth === 16 ? new Uint16Array(length) : new Uint8Array(length);
}
