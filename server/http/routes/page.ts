import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { STRICT_PAGE_POLICY } from '../security-headers.ts';

/**
 * `GET /` and what it loads: the page to try Hairline without Photoshop. Each file of the folder is an address of its own;
 * no address is ever turned into a path.
 * @param folder as the build leaves it; where it is missing, there is no page
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
      // An update must not meet the files of the version before; the ETag spares what has not changed.
      cacheControl: false,
      setHeaders: (response) => void response.setHeader('cache-control', 'no-cache'),
    });
  });
}
