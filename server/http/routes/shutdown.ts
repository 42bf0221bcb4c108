import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { AppError } from '../../errors.ts';
import { EVERYWHERE, failures } from '../schemas.ts';
import { whenClosed } from '../when-closed.ts';

export interface Shutdown {
  /** What a request must bring as `Authorization: Bearer …`. */
  readonly token: string;
  /** Begins to end the process; requests in progress are finished. */
  begin(): void;
}

/**
 * `POST /v1/shutdown`, because a signal ends a process on Windows in the middle of a picture. Access control keeps web pages
 * out; the token keeps other users of this computer out, who can reach the port but not read the discovery file.
 */
export function registerShutdown(app: FastifyInstance, { token, begin }: Shutdown): void {
  const expected = digest(`Bearer ${token}`);
  const stopping = Type.Object(
    { stopping: Type.Boolean() },
    { description: 'It ends after the requests in progress.' },
  );
  app.post('/v1/shutdown', {
    schema: {
      summary: 'End the server',
      security: [{ token: [] }],
      response: { 202: stopping, ...failures(...EVERYWHERE, 'UNAUTHORIZED', 'SHUTTING_DOWN') },
    },
    onRequest: async (request, reply) => {
      if (timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) return;
      reply.header('www-authenticate', 'Bearer');
      throw new AppError('UNAUTHORIZED');
    },
    handler: async (_request, reply) => {
      // Closing waits for every answer, so this one goes out first.
      whenClosed(reply, begin);
      return reply.code(202).send({ stopping: true });
    },
  });
}

/** Of one length whatever was sent, as the comparison demands. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
