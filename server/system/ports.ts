import { createServer } from 'node:net';
import { LOOPBACK } from '../../protocol/limits.ts';

/** Whether a port of this computer is free, at one of its addresses. */
export function isFree(port: number, host: string = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
