import fp from 'fastify-plugin';
import { LOCAL } from '../access/clients.ts';

/** What panels, pages and monitors ask all day. */
const POLLED = ['/health', '/ready', '/metrics', '/v1/jobs/:id'];

/**
 * One line for each request: method, route, status, time, and who asked if it was another computer. Addresses, queries
 * and headers may hold what is none of a log's business, so the route is told as it is declared, without its values.
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
