import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
import { whenClosed } from '../when-closed.ts';

/**
 * The content type the client prefers.
 * @param offered the default first
 * @throws {AppError} NOT_ACCEPTABLE
 */
export function chooseType(request: FastifyRequest, offered: string[]): string {
  const chosen = request.accepts().type(offered);
  if (typeof chosen !== 'string') throw new AppError('NOT_ACCEPTABLE');
  return chosen;
}

/**
 * Sends the engine's answer; a stream ends with its client. Returns nothing: awaiting a reply would wait until its
 * stream is sent, and forever when Node drops the answer silently.
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
