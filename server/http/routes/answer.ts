import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
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

/**
 * Sends what the engine made; a stream ends with its client. Returns nothing, because awaiting a reply would wait until
 * its stream is sent, and for ever where Node drops the answer without a word.
 */
export function sendAnswer(reply: FastifyReply, { type, headers, body }: Answer): void {
  reply.type(type).headers(headers).send(body);
  if (!Buffer.isBuffer(body)) whenClosed(reply, () => body.destroy());
}

export function abortOnClose(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenClosed(reply, () => {
    if (!reply.raw.writableFinished) controller.abort(new AppError('CANCELLED'));
  });
  return controller.signal;
}
