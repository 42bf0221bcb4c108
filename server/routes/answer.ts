import type { FastifyReply, FastifyRequest } from 'fastify';
import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import { encodeAlphaPng, encodePng } from '../imaging/codec.ts';
import type { AlphaPlane, Raster } from '../imaging/picture.ts';
import { whenClosed } from '../when-closed.ts';

const PNG = 'image/png';

/**
 * The content type the client prefers.
 * @param usual what it gets unless it says otherwise
 * @throws {AppError} NOT_ACCEPTABLE
 */
export function chooseType(request: FastifyRequest, usual: typeof RAW_TYPE | typeof PNG): string {
  const chosen = request.accepts().type(usual === PNG ? [PNG, RAW_TYPE] : [RAW_TYPE, PNG]);
  if (typeof chosen !== 'string') throw new AppError('NOT_ACCEPTABLE');
  return chosen;
}

/** Samples in the given type, with headers that tell size and layout. */
export async function describePixels(reply: FastifyReply, pixels: AlphaPlane | Raster, type: string): Promise<Buffer> {
  const { width, height, data } = pixels;
  reply
    .type(type)
    .header(HEADERS.width, width)
    .header(HEADERS.height, height)
    .header(HEADERS.channels, 'channels' in pixels ? pixels.channels : 1)
    .header(HEADERS.depth, data.BYTES_PER_ELEMENT * 8);
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
