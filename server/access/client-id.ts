import type { FastifyRequest } from 'fastify';
import { LOCAL } from './clients.ts';

/**
 * Identifies a client for fair queuing. A paired client is known by its name. Programs on this computer share an
 * address and open any number of connections, so the User-Agent is what tells them apart. A false one gains a turn in
 * the queue and nothing else.
 */
export function clientOf({ client, ip, headers }: FastifyRequest): string {
  return client === LOCAL ? `${ip} ${headers['user-agent'] ?? ''}` : client;
}
