import type { FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';
import { whenClosed } from './when-closed.ts';

/**
 * Closing in order: requests in progress are finished, later ones are refused, then every connection is cut. Node alone
 * would wait for connections that are kept alive or that never sent a request, for as long as their clients like.
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
