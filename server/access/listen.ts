import { createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { LOOPBACK } from '../../protocol/limits.ts';
import type { Config } from '../config/config.ts';
import { isFree, isTaken } from '../system/ports.ts';
import { isLoopbackAddress } from './access-control.ts';
import { readClients } from './clients.ts';

/**
 * Simultaneous connections from other computers. Without a limit, one client could exhaust this process's file
 * descriptors and lock out local programs too.
 */
export const MAX_STRANGERS = 256;

/** Wildcard addresses, which include loopback. */
const EVERY_ADDRESS = ['0.0.0.0', '::'];

/** The other address of this computer itself: where `localhost` leads first on Windows, which takes seconds to refuse. */
const LOOPBACK_6 = '::1';

/**
 * Listens on the first free port, on both loopback addresses and, if one is set, on another address. Without IPv6, only
 * on 127.0.0.1.
 * @returns the port
 * @throws {Error} EADDRINUSE when no port is free; a one-sentence error when the address is unusable, or when no client
 * has been paired
 */
export async function listen(app: FastifyInstance, { ports, host, configDir }: Config): Promise<number> {
  checkAddress(host, configDir);
  limitStrangers(app.server);
  const everywhere = EVERY_ADDRESS.includes(host);
  const first = everywhere ? host : LOOPBACK;
  const listenBeside = host === first ? null : second(app, host);
  const listenAtSix = host === '::' || host === LOOPBACK_6 ? null : second(app, LOOPBACK_6);
  for (const port of ports) {
    // On some systems two programs can share a port when only one of them names an address.
    if (port !== 0 && !((await isFree(port)) && (host === LOOPBACK || (await isFree(port, host))))) continue;
    // Clients of `localhost` would reach the other program.
    if (port !== 0 && listenAtSix && (await isTaken(port, LOOPBACK_6))) continue;
    try {
      await app.listen({ host: first, port });
    } catch (error) {
      // Another program took the port in the meantime.
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    const { port: taken } = app.server.address() as { port: number };
    await listenBeside?.(taken);
    await listenAtSix?.(taken).catch(() => undefined);
    return taken;
  }
  const [only, ...others] = ports;
  const error = new Error(
    others.length === 0
      ? `Port ${only} is in use by another program.`
      : `The ports ${ports.join(', ')} are all in use by other programs.`,
  );
  throw Object.assign(error, { code: 'EADDRINUSE' });
}

function checkAddress(host: string, configDir: string): void {
  if (isLoopbackAddress(host)) return;
  if (readClients(configDir).length === 0) {
    throw new Error(
      `--host ${host} opens the server to other computers, but no client is paired. Run "hairline pair <name>" first.`,
    );
  }
  const own = Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []);
  if (!EVERY_ADDRESS.includes(host) && !own.includes(host))
    throw new Error(`${host} (--host) is not an address of this computer. It has ${own.join(', ')}.`);
}

function limitStrangers(server: Server): void {
  let open = 0;
  server.prependListener('connection', (socket: Socket) => {
    if (isLoopbackAddress(socket.remoteAddress ?? '')) return;
    open++;
    socket.once('close', () => open--);
    if (open > MAX_STRANGERS) socket.destroy();
  });
}

/** Passes connections on another address to the same server, so that its limits and shutdown apply to them. */
function second(app: FastifyInstance, host: string): (port: number) => Promise<void> {
  const server = createServer((socket) => app.server.emit('connection', socket));
  app.addHook('preClose', async () => {
    server.close();
  });
  return (port) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
}
