import type { FastifyRequest } from 'fastify';

/**
 * Whose turn a request takes. Programs on this computer share an address and open as many connections as they like, so
 * that neither tells them apart; the name that each of them sends does. Who lies about it gains a turn and nothing else.
 */
export function clientOf({ ip, headers }: FastifyRequest): string {
  return `${ip} ${headers['user-agent'] ?? ''}`;
}
