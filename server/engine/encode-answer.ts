import { Readable } from 'node:stream';
import { HEADERS, JPEG_TYPE, PNG_TYPE, RAW_TYPE } from '../../protocol/matte.ts';
import type { Annotation } from '../imaging/annotation.ts';
import { encodeAlphaPng, encodeJpeg } from '../imaging/codec.ts';
import type { AlphaPlane, Raster, RasterStream, Strip } from '../imaging/picture.ts';
import { packPng } from '../imaging/png.ts';
import { joinStrips } from '../imaging/stream-raster.ts';

/** Headers with size and layout. */
export function describePixels(pixels: AlphaPlane | Raster | RasterStream): Record<string, number> {
  return {
    [HEADERS.width]: pixels.width,
    [HEADERS.height]: pixels.height,
    [HEADERS.channels]: 'channels' in pixels ? pixels.channels : 1,
    [HEADERS.depth]: 'depth' in pixels ? pixels.depth : pixels.data.BYTES_PER_ELEMENT * 8,
  };
}

/** Headers with the origin of a matte. */
export function describeMatte(id: string, { model, provider }: { model: string; provider: string }) {
  return { [HEADERS.matteId]: id, [HEADERS.model]: model, [HEADERS.provider]: provider };
}

export interface Encoded {
  headers: Record<string, string | number>;
  body: Buffer | Readable;
}

/** Raw answers up to this size are buffered: they can be requested again when the child process dies. */
export const WHOLE_BYTES = 32 * 1024 * 1024;

/**
 * Raw samples, a PNG, or a JPEG for opaque 8-bit pixels. Large raw colors are computed while they are sent.
 * @param annotation for PNG; of alpha: only its resolution is used
 * @param level of compression of a color PNG, 1 to 9
 */
export async function encodePixels(
  pixels: AlphaPlane | RasterStream,
  type: string,
  annotation: Annotation = {},
  level?: number,
): Promise<Encoded> {
  const headers = describePixels(pixels);
  if (type === PNG_TYPE && 'strips' in pixels) {
    const parts = await packPng(pixels, level, annotation);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    return { headers: { ...headers, 'content-length': length }, body: Readable.from(parts, { objectMode: false }) };
  }
  if (type === RAW_TYPE && 'strips' in pixels) {
    const length = (pixels.width * pixels.height * pixels.channels * pixels.depth) / 8;
    if (length > WHOLE_BYTES) {
      const body = Readable.from(copyStrips(pixels.strips), { objectMode: false });
      return { headers: { ...headers, 'content-length': length }, body };
    }
  }
  const whole = 'strips' in pixels ? await joinStrips(pixels) : pixels;
  if (type === JPEG_TYPE) return { headers, body: await encodeJpeg(whole) };
  const { data } = whole;
  if (type === RAW_TYPE) return { headers, body: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
  return { headers, body: await encodeAlphaPng(whole, { dpi: annotation.dpi }) };
}

/** A strip is valid only until the next one is requested; data being sent must be copied. */
async function* copyStrips(strips: AsyncIterable<Strip>): AsyncGenerator<Buffer> {
  for await (const { data } of strips) yield Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Milliseconds per stage as a Server-Timing header. */
export function formatTimings(timings: Readonly<Record<string, number>>): string {
  return Object.entries(timings)
    .map(([stage, ms]) => `${stage};dur=${ms.toFixed(1)}`)
    .join(', ');
}
