import type { FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';
import { whenClosed } from './when-closed.ts';

/**
 * Graceful shutdown: requests in progress finish, later ones are refused, then every connection is closed. Node alone
 * would wait indefinitely for keep-alive connections and for connections without a request.
 */
export const drain = fp(
  async (app) => {
    let closing = false;
    let finished = () => {};
    const open = new Set<FastifyReply>();
    app.addHook('onRequest', async (_request, reply) => {
      if (closing) throw new AppError('SHUTTING_DOWN');
      open.add(reply);
      whenClosed(reply, () => {
        open.delete(reply);
        if (closing && open.size === 0) finished();
      });
    });
    app.addHook('preClose', async () => {
      closing = true;
      await new Promise<void>((resolve) => {
        finished = resolve;
        if (open.size === 0) resolve();
      });
      app.server.closeAllConnections();
    });
  },
  { name: 'drain' },
);
