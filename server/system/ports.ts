import { createServer } from 'node:net';
import { LOOPBACK } from '../../protocol/limits.ts';

/** Whether a port of this computer is free, at one of its addresses. */
export async function isFree(port: number, host: string = LOOPBACK): Promise<boolean> {
  return (await tryToListen(port, host)) === null;
}

/** Whether the port is in use there. False if the computer has no such address. */
export async function isTaken(port: number, host: string): Promise<boolean> {
  return (await tryToListen(port, host)) === 'EADDRINUSE';
}

/** The error code of a failed attempt to listen, or null. */
function tryToListen(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown'));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}
