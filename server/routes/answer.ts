import type { FastifyReply, FastifyRequest } from 'fastify';
import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import { encodeAlphaPng, encodePng } from '../imaging/codec.ts';
import type { AlphaPlane, Raster } from '../imaging/picture.ts';
import { whenClosed } from '../when-closed.ts';

/**
 * The content type the client prefers.
 * @param offered the usual one first
 * @throws {AppError} NOT_ACCEPTABLE
 */
export function chooseType(request: FastifyRequest, offered: string[]): string {
  const chosen = request.accepts().type(offered);
  if (typeof chosen !== 'string') throw new AppError('NOT_ACCEPTABLE');
  return chosen;
}

/** Headers that tell size and layout. */
export function describePixels(pixels: AlphaPlane | Raster): Record<string, number> {
  return {
    [HEADERS.width]: pixels.width,
    [HEADERS.height]: pixels.height,
    [HEADERS.channels]: 'channels' in pixels ? pixels.channels : 1,
    [HEADERS.depth]: pixels.data.BYTES_PER_ELEMENT * 8,
  };
}

/** Raw samples or a PNG. */
export async function encodePixels(pixels: AlphaPlane | Raster, type: string): Promise<Buffer> {
  const { data } = pixels;
  if (type === RAW_TYPE) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return 'channels' in pixels ? encodePng(pixels) : encodeAlphaPng(pixels);
}

/** Milliseconds per stage as a Server-Timing header. */
export function formatTimings(timings: Record<string, number>): string {
  return Object.entries(timings)
    .map(([stage, ms]) => `${stage};dur=${ms.toFixed(1)}`)
    .join(', ');
}

export function abortOnClose(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenClosed(reply, () => {
    if (!reply.raw.writableFinished) controller.abort(new AppError('CANCELLED'));
  });
  return controller.signal;
}
