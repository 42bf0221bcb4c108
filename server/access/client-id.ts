import type { FastifyRequest } from 'fastify';
import { LOCAL } from './clients.ts';

/**
 * Whose turn a request takes. A paired client is known by its name. Programs on this computer share an address and open
 * as many connections as they like, so that neither tells them apart; the name that each of them sends does. Who lies
 * about it gains a turn and nothing else.
 */
export function clientOf({ client, ip, headers }: FastifyRequest): string {
  return client === LOCAL ? `${ip} ${headers['user-agent'] ?? ''}` : client;
}
