import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, whole } from './faulty-server.ts';

export interface ModelHost {
  url: string;
  /** Files by path, without what follows the question mark unless the path has it too. */
  files: Map<string, Buffer>;
  /** What a path is answered with instead. */
  faults: Map<string, Answer>;
  /** Paths that were asked for, in order; HEAD requests are marked. */
  asked: string[];
  close(): Promise<void>;
}

/** ModelScope, GitHub and a CDN in one, on the loopback interface. */
export async function startModelHost(): Promise<ModelHost> {
  const server = createServer((request, response) => {
    const full = request.url ?? '';
    const path = host.files.has(full) || host.faults.has(full) ? full : full.replace(/\?.*/, '');
    host.asked.push(`${request.method === 'HEAD' ? 'HEAD ' : ''}${path}`);
    const body = host.files.get(path) ?? Buffer.alloc(0);
    const fault = host.faults.get(path);
    if (fault) return fault(request, response, body);
    if (!host.files.has(path)) return void response.writeHead(404).end();
    whole()(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host: ModelHost = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: new Map(),
    faults: new Map(),
    asked: [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return host;
}
