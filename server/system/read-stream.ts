import type { Readable } from 'node:stream';
import { MAX_BODY_BYTES } from '../../protocol/limits.ts';
import { AppError } from '../errors.ts';

/**
 * Reads a body of a known or bounded size into one buffer, without the second copy that joining chunks would cost.
 * @param exact whether exactly the announced bytes must come: always for raw pixels, also when they come in chunks
 * @throws {AppError} BODY_TOO_LARGE, SIZE_MISMATCH, EMPTY_BODY, CANCELLED
 */
export async function readStream(stream: Readable, announced: number, exact: boolean): Promise<Buffer> {
  if (announced > MAX_BODY_BYTES) throw new AppError('BODY_TOO_LARGE');
  return exact ? fill(stream, announced) : collect(stream, announced);
}

async function fill(stream: Readable, length: number): Promise<Buffer> {
  // Slow: not cut from the shared pool, so that the memory is returned as soon as the request is done.
  const body = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  for await (const chunk of chunks(stream)) {
    if (filled + chunk.length > length) throw new AppError('SIZE_MISMATCH', mismatch(length, 'more'));
    chunk.copy(body, filled);
    filled += chunk.length;
  }
  if (filled === 0) throw new AppError('EMPTY_BODY');
  if (filled !== length) throw new AppError('SIZE_MISMATCH', mismatch(length, filled));
  return body;
}

async function collect(stream: Readable, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const chunk of chunks(stream)) {
    total += chunk.length;
    if (total > limit) throw new AppError('BODY_TOO_LARGE');
    parts.push(chunk);
  }
  if (total === 0) throw new AppError('EMPTY_BODY');
  return Buffer.concat(parts, total);
}

/** A reader that gives up leaves the stream open: destroying it would cut the connection before the refusal is sent. */
async function* chunks(stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw uploadFailure(cause as Error);
  }
}

const BROKEN_OFF = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'FST_MP_PREMATURE_CLOSE']);

/** Either the connection broke, or the form is not written as a form. */
export function uploadFailure(cause: NodeJS.ErrnoException): AppError {
  if (BROKEN_OFF.has(cause.code ?? '')) return new AppError('CANCELLED', 'The upload broke off.', { cause });
  return new AppError('BAD_REQUEST', 'The form is incomplete or not written correctly.', { cause });
}

export function mismatch(expected: number, got: number | 'more'): string {
  return `The size headers promise ${expected} bytes; the body has ${got}.`;
}
