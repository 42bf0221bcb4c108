import { createDeflate } from 'node:zlib';
import type { AlphaPlane } from '../picture.ts';
import { ChannelData } from './channel.ts';
import { maxOf, type Plane, planeOf, type Samples } from './plane.ts';
import { COMPRESSION } from './rows.ts';
import type { Insertion } from './splice.ts';

export interface Extent {
  width: number;
  height: number;
  depth: 8 | 16 | 32;
}

/** A matte of a document's depth as the pixels of a mask. */
export function packMask(alpha: AlphaPlane, depth: Extent['depth'], isLarge: boolean, signal?: AbortSignal) {
  const { width, height } = alpha;
  return packPlane(planeOf(alpha), maxOf(alpha.data), { width, height, depth }, isLarge, signal);
}

/** Full opacity everywhere. */
export function packOpaque(extent: Extent, isLarge: boolean, signal?: AbortSignal): Promise<Insertion> {
  const full = extent.depth === 8 ? 255 : 65535;
  return packPlane((_, row) => row.fill(full), full, extent, isLarge, signal);
}

async function packPlane(
  plane: Plane,
  full: number,
  extent: Extent,
  isLarge: boolean,
  signal?: AbortSignal,
): Promise<Insertion> {
  const { width, height, depth } = extent;
  if (depth === 32) return packFloats(plane, full, width, height);
  const data = await ChannelData.measure([plane], { width, height, depth }, signal);
  return { bytes: data.size(isLarge), chunks: () => data.chunks(isLarge, signal) };
}

/** Floating samples, packed as a whole: lines of them are too long for the other compression. */
async function packFloats(plane: Plane, full: number, width: number, height: number): Promise<Insertion> {
  const deflate = createDeflate();
  const parts: Buffer[] = [Buffer.of(0, COMPRESSION.zip)];
  const collected = (async () => {
    for await (const part of deflate) parts.push(part as Buffer);
  })();
  const row: Samples = full === 255 ? new Uint8Array(width) : new Uint16Array(width);
  for (let y = 0; y < height; y++) {
    plane(y, row);
    const line = Buffer.alloc(4 * width);
    for (let x = 0; x < width; x++) line.writeFloatBE(row[x]! / full, 4 * x);
    if (!deflate.write(line)) await new Promise((resolve) => deflate.once('drain', resolve));
  }
  deflate.end();
  await collected;
  return {
    bytes: parts.reduce((sum, { length }) => sum + length, 0),
    async *chunks() {
      yield* parts;
    },
  };
}
