import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Gauge, Registry } from 'prom-client';
import type { PictureWorker } from '../../queue/picture-worker.ts';

/** Numbers of a worker for Prometheus. They name no client and no picture. */
export function createMetrics(worker: Pick<PictureWorker, 'info'>, readEngineBytes: () => number): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `hairline_worker_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  const { version, provider, host, id } = worker.info;
  new Gauge({
    name: 'hairline_worker_info',
    help: 'Version and execution provider.',
    labelNames: ['version', 'provider', 'host', 'worker'],
    registers: [registry],
  }).set({ version, provider, host, worker: id }, 1);
  gauge('pictures_running', 'Pictures in progress.', () => worker.info.running);
  gauge('pictures_at_once', 'Pictures that may be in progress.', () => worker.info.concurrency);
  gauge('pictures_done_total', 'Pictures done since the start.', () => worker.info.done);
  gauge('pictures_failed_total', 'Pictures answered with an error since the start.', () => worker.info.failed);
  gauge('picture_seconds', 'Mean time of the last pictures.', () => worker.info.seconds ?? Number.NaN);
  gauge('draining', '1 when it takes no more pictures.', () => Number(worker.info.draining));
  gauge('started_seconds', 'Start, seconds since 1970.', () => worker.info.startedAt / 1000);
  gauge('memory_bytes', 'Memory of the process that talks to the queue.', () => process.memoryUsage.rss());
  gauge('engine_memory_bytes', 'Memory of the process that runs the models.', readEngineBytes);
  return registry;
}

/** `GET /metrics` and nothing else. @throws {Error} EADDRINUSE */
export async function serveMetrics(registry: Registry, host: string, port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' });
    response.end(await registry.metrics());
  });
  server.requestTimeout = 5_000;
  server.maxConnections = 16;
  server.listen(port, host).unref();
  await once(server, 'listening');
  return server;
}
