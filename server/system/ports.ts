import { createServer } from 'node:net';
import { LOOPBACK } from '../../protocol/limits.ts';

/** Whether nobody listens on a port of this computer, at one of its addresses. */
export async function isFree(port: number, host: string = LOOPBACK): Promise<boolean> {
  return (await tryToListen(port, host)) === null;
}

/** Whether somebody listens there; not so where the computer has no such address. */
export async function isTaken(port: number, host: string): Promise<boolean> {
  return (await tryToListen(port, host)) === 'EADDRINUSE';
}

/** The code of what stands in the way, or null. */
function tryToListen(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown'));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}
