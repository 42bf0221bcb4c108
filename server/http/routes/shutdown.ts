import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Stopping } from '../../../protocol/schemas/status.ts';
import { AppError } from '../../errors.ts';
import { EVERYWHERE, failures } from '../failures.ts';
import { whenClosed } from '../when-closed.ts';

export interface Shutdown {
  /** The token that a request must send as `Authorization: Bearer …`. */
  readonly token: string;
  /** Starts the shutdown; requests in progress finish. */
  begin(): void;
}

/**
 * `POST /v1/shutdown`: a signal would kill a process on Windows in the middle of a picture. Access control keeps web
 * pages out; the token keeps out other users of this computer, who can reach the port but not read the discovery file.
 */
export function registerShutdown(app: FastifyInstance, { token, begin }: Shutdown): void {
  app.post('/v1/shutdown', {
    schema: {
      summary: 'Stop the server',
      security: [{ token: [] }],
      response: { 202: Stopping, ...failures(...EVERYWHERE, 'UNAUTHORIZED', 'SHUTTING_DOWN') },
    },
    onRequest: async (request, reply) => {
      if (isBearer(request, token)) return;
      reply.header('www-authenticate', 'Bearer');
      throw new AppError('UNAUTHORIZED');
    },
    handler: async (_request, reply) => {
      // Closing waits for every answer, so this one is sent first.
      whenClosed(reply, begin);
      return reply.code(202).send({ stopping: true });
    },
  });
}

/** Whether a request has exactly this token. */
export function isBearer({ headers }: FastifyRequest, token: string): boolean {
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
}

/** Hashed to equal length, as the constant-time comparison requires. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
