import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { STRICT_PAGE_POLICY } from '../security-headers.ts';

/**
 * `GET /` and its assets: the page to try Hairline without Photoshop. Each file of the folder gets a fixed route;
 * request paths never become file paths.
 * @param folder as built; if missing, there is no page
 */
export async function registerPage(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('content-security-policy', STRICT_PAGE_POLICY);
    });
    await scope.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      decorateReply: false,
      // After an update, old files must not be served from the cache; the ETag avoids resending unchanged ones.
      cacheControl: false,
      setHeaders: (response) => void response.setHeader('cache-control', 'no-cache'),
    });
  });
}
