import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { clientOf } from '../../../server/access/client-id.ts';

it('identifies paired clients by name, and local programs by User-Agent', () => {
  const from = (client: string, ip: string, agent?: string) =>
    clientOf({ client, ip, headers: agent === undefined ? {} : { 'user-agent': agent } } as FastifyRequest);
  expect(from('studio', '192.168.0.7', 'one')).toBe(from('studio', '192.168.0.8', 'two'));
  const keys = [
    from('studio', '127.0.0.1', 'curl'),
    from('local', '127.0.0.1', 'curl'),
    from('local', '127.0.0.1', 'panel'),
    from('local', '127.0.0.1'),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});
