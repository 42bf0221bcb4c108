import fp from 'fastify-plugin';
import { LOCAL } from '../access/clients.ts';

/** Requests that panels, pages and monitors poll. */
const POLLED = ['/health', '/ready', '/metrics', '/v1/jobs/:id'];

/**
 * One line per request: method, route, status, time, and the client if on another computer. URLs, queries and headers
 * may contain private data, so the declared route is logged, without its values.
 */
export const requestLog = fp(
  async (app) => {
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'none';
      const level = POLLED.includes(route) && reply.statusCode < 400 ? 'debug' : 'info';
      request.log[level]({
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        ...(request.client !== LOCAL && { client: request.client }),
      });
    });
  },
  { name: 'request-log' },
);
