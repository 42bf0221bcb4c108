import type { Readable } from 'node:stream';
import type { Answer } from '../engine/engine.ts';
import { AppError } from '../errors.ts';

/** A fully buffered answer. */
export interface KeptAnswer extends Answer {
  readonly body: Buffer;
}

/**
 * Reads an answer that would have been sent while it is written.
 * @throws {AppError} RESULT_TOO_LARGE, and what the stream fails with
 */
export async function collectAnswer(answer: Answer, maxBytes: number): Promise<KeptAnswer> {
  const { body } = answer;
  if (Buffer.isBuffer(body)) {
    if (body.byteLength > maxBytes) throw new AppError('RESULT_TOO_LARGE');
    return { ...answer, body };
  }
  return { ...answer, body: await readStream(body, Number(answer.headers['content-length']), maxBytes) };
}

async function readStream(stream: Readable, bytes: number, maxBytes: number): Promise<Buffer> {
  if (bytes > maxBytes) {
    stream.destroy();
    throw new AppError('RESULT_TOO_LARGE');
  }
  const whole = Buffer.allocUnsafeSlow(bytes);
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunk.copy(whole, filled);
    filled += chunk.length;
  }
  if (filled !== bytes) throw new Error(`The answer has ${filled} bytes instead of ${bytes}.`);
  return whole;
}
