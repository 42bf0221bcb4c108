import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { encodeAlphaPng, encodePng } from '../imaging/codec.ts';
import type { AlphaPlane, Raster } from '../imaging/picture.ts';

/** Headers that tell size and layout. */
export function describePixels(pixels: AlphaPlane | Raster): Record<string, number> {
  return {
    [HEADERS.width]: pixels.width,
    [HEADERS.height]: pixels.height,
    [HEADERS.channels]: 'channels' in pixels ? pixels.channels : 1,
    [HEADERS.depth]: pixels.data.BYTES_PER_ELEMENT * 8,
  };
}

/** Headers that tell where a matte came from. */
export function describeMatte(id: string, { model, provider }: { model: string; provider: string }) {
  return { [HEADERS.matteId]: id, [HEADERS.model]: model, [HEADERS.provider]: provider };
}

/** Raw samples or a PNG. */
export async function encodePixels(pixels: AlphaPlane | Raster, type: string): Promise<Buffer> {
  const { data } = pixels;
  if (type === RAW_TYPE) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return 'channels' in pixels ? encodePng(pixels) : encodeAlphaPng(pixels);
}

/** Milliseconds per stage as a Server-Timing header. */
export function formatTimings(timings: Readonly<Record<string, number>>): string {
  return Object.entries(timings)
    .map(([stage, ms]) => `${stage};dur=${ms.toFixed(1)}`)
    .join(', ');
}
