import { createServer } from 'node:net';
import { LOOPBACK } from '../protocol/limits.ts';

/** Whether nobody listens on a port of this computer. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: LOOPBACK, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
