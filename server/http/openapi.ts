import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { VERSION } from '../system/package-root.ts';
import { PAGE_POLICY } from './security-headers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Parts of the description that Fastify itself must not validate: the route parses headers and body itself. */
    described?: FastifySchema;
  }
}

/**
 * `GET /docs` and `/docs/json`: the API description, generated from the schemas that validate requests and serialize
 * answers. The page and its assets come from this server. Register it before the routes.
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
      // The port varies; a relative address refers to the server of that page.
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
    // The package's own policy names third-party servers.
    staticCSP: PAGE_POLICY,
    // A browser sends Origin with a POST, and access control refuses web origins: buttons that cannot work are hidden.
    uiConfig: { supportedSubmitMethods: [], validatorUrl: null, deepLinking: true },
    theme: { title: 'Hairline: HTTP interface' },
  });
}
