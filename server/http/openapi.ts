import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { VERSION } from '../system/package-root.ts';
import { PAGE_POLICY } from './security-headers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Parts of the description that Fastify itself must not check: the route reads its headers and body in its own way. */
    described?: FastifySchema;
  }
}

/**
 * `GET /docs` and `/docs/json`: the description of this interface, out of the schemas that check requests and write
 * answers. The page and all it needs come from this server. Register it before the routes.
 */
export async function registerDocs(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hairline',
        description: 'Mattes of portraits, for programs on this computer. Web pages are refused.',
        version: VERSION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // The port may be any of four; an address without one is that of this page.
      servers: [{ url: '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route }) => ({
      schema: { ...schema, ...route.config?.described },
      url,
    }),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // The package's own policy names servers of others.
    staticCSP: PAGE_POLICY,
    // A browser sends the page's origin with a POST, and access control refuses every origin: no buttons that cannot work.
    uiConfig: { supportedSubmitMethods: [], validatorUrl: null, deepLinking: true },
    theme: { title: 'Hairline: HTTP interface' },
  });
}
