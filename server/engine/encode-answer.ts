import { Readable } from 'node:stream';
import { HEADERS, JPEG_TYPE, PNG_TYPE, RAW_TYPE } from '../../protocol/matte.ts';
import { encodeAlphaPng, encodeJpeg } from '../imaging/codec.ts';
import type { AlphaPlane, Raster, RasterStream } from '../imaging/picture.ts';
import { packPng } from '../imaging/png.ts';
import { joinStrips } from '../imaging/stream-raster.ts';

/** Headers that tell size and layout. */
export function describePixels(pixels: AlphaPlane | Raster | RasterStream): Record<string, number> {
  return {
    [HEADERS.width]: pixels.width,
    [HEADERS.height]: pixels.height,
    [HEADERS.channels]: 'channels' in pixels ? pixels.channels : 1,
    [HEADERS.depth]: 'depth' in pixels ? pixels.depth : pixels.data.BYTES_PER_ELEMENT * 8,
  };
}

/** Headers that tell where a matte came from. */
export function describeMatte(id: string, { model, provider }: { model: string; provider: string }) {
  return { [HEADERS.matteId]: id, [HEADERS.model]: model, [HEADERS.provider]: provider };
}

export interface Encoded {
  headers: Record<string, string | number>;
  body: Buffer | Readable;
}

/**
 * Raw samples, a PNG, or for opaque pixels of 8 bits a JPEG.
 * @param level of compression of a colour PNG, 1 to 9
 */
export async function encodePixels(pixels: AlphaPlane | RasterStream, type: string, level?: number): Promise<Encoded> {
  const headers = describePixels(pixels);
  if (type === PNG_TYPE && 'strips' in pixels) {
    const parts = await packPng(pixels, level);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    return { headers: { ...headers, 'content-length': length }, body: Readable.from(parts, { objectMode: false }) };
  }
  const whole = 'strips' in pixels ? await joinStrips(pixels) : pixels;
  if (type === JPEG_TYPE) return { headers, body: await encodeJpeg(whole) };
  const { data } = whole;
  if (type === RAW_TYPE) return { headers, body: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
  return { headers, body: await encodeAlphaPng(whole) };
}

/** Milliseconds per stage as a Server-Timing header. */
export function formatTimings(timings: Readonly<Record<string, number>>): string {
  return Object.entries(timings)
    .map(([stage, ms]) => `${stage};dur=${ms.toFixed(1)}`)
    .join(', ');
}
