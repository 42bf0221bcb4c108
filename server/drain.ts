import type { ServerResponse } from 'node:http';
import fp from 'fastify-plugin';
import { AppError } from './errors.ts';

/**
 * Closing in order: requests in progress are finished, later ones are refused, then every connection is cut. Node alone
 * would wait for connections that are kept alive or that never sent a request, for as long as their clients like.
 */
export const drain = fp(
  async (app) => {
    let closing = false;
    const open = new Set<ServerResponse>();
    app.addHook('onRequest', async (_request, reply) => {
      if (closing) throw new AppError('SHUTTING_DOWN');
      open.add(reply.raw);
      reply.raw.once('close', () => open.delete(reply.raw));
    });
    app.addHook('preClose', async () => {
      closing = true;
      while (open.size > 0) {
        const [response] = open;
        await new Promise((resolve) => response?.once('close', resolve));
      }
      app.server.closeAllConnections();
    });
  },
  { name: 'drain' },
);
