import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../../server/config/config.ts';
import * as ports from '../../../server/system/ports.ts';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { expectError, lines, talk } from '../talk.ts';

const taken: Server[] = [];
const servers: StandInServer[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.close();
  for (const server of taken.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function occupy(): Promise<number> {
  const server = createServer();
  taken.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const port = await occupy();
  await new Promise((resolve) => taken.pop()!.close(resolve));
  return port;
}

async function start(list: readonly number[]): Promise<StandInServer> {
  const server = await startStandInServer({ ports: list }, { install: false });
  servers.push(server);
  return server;
}

describe('a port that is taken', () => {
  it('is skipped', async () => {
    const [busy, free] = [await occupy(), await freePort()];
    expect((await start([busy, free])).port).toBe(free);
  });

  it('is skipped when it is taken between the check and listening', async () => {
    const [busy, free] = [await occupy(), await freePort()];
    vi.spyOn(ports, 'isFree').mockResolvedValue(true);
    const server = await start([busy, free]);
    expect(server.port).toBe(free);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  it('is named when there is no other', async () => {
    const busy = [await occupy(), await occupy()];
    await expect(start(busy)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `The ports ${busy.join(', ')} are all in use by other programs.`,
    });
    await expect(start(busy.slice(1))).rejects.toThrow(`Port ${busy[1]} is in use by another program.`);
  });
});

it('listens on loopback only by default', async () => {
  expect(loadConfig({}, {}).host).toBe('127.0.0.1');
  const server = await start([0]);
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
});

it('listens on both of this computer’s own addresses, where it has both', async (context) => {
  const hasSix = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
  if (!hasSix) return context.skip('This computer has no IPv6.');
  const server = await start([0]);
  expect((await fetch(`http://[::1]:${server.port}/health`)).status).toBe(200);
  const strange = await talk(server.port, lines(server.port, 'GET /health', ['Host: [::2]']), { address: '::1' });
  expectError(strange, 'FORBIDDEN_HOST');
  // Clients of `localhost` must not reach another program.
  const port = await freePort();
  const other = createServer();
  taken.push(other);
  await new Promise<void>((resolve) => other.listen(port, '::1', resolve));
  const free = await freePort();
  expect((await start([port, free])).port).toBe(free);
});
