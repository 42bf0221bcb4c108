import fp from 'fastify-plugin';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { VERSION } from '../system/package-root.ts';
import { whenClosed } from './when-closed.ts';

/** Clients that disconnected before their answer was complete (CANCELLED in the error table). */
const CANCELLED = 499;

/** From a thumbnail on a GPU to the largest picture on an old CPU. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * The server's Prometheus metrics. Labels are our own names (routes, stages, models): no path, query or picture data
 * gets in, whatever is requested.
 */
export class Metrics {
  // A registry of its own, because the package's global one would be shared by all servers of a process. Its default
  // metrics are omitted for the same reason: their observers cannot be removed.
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: 'hairline_http_requests_total',
    help: 'Requests by route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [this.registry],
  });
  readonly #stages = new Histogram({
    name: 'hairline_matte_stage_seconds',
    help: 'Time that a matte spent in each stage.',
    labelNames: ['stage'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });

  constructor() {
    new Gauge({ name: 'hairline_info', help: 'Version.', labelNames: ['version'], registers: [this.registry] }).set(
      { version: VERSION },
      1,
    );
    const started = Date.now() / 1000 - process.uptime();
    this.gauge('process_start_time_seconds', 'Start of the process, seconds since 1970.', () => started);
    this.gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
    this.gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed);
    this.gauge('nodejs_external_memory_bytes', 'Memory of buffers.', () => process.memoryUsage().external);
  }

  /** A value read on demand. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Changing labels: earlier values are reset. */
  labeled<L extends string>(name: string, help: string, labelNames: L[], read: () => Promise<Record<L, string>>): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      async collect() {
        this.reset();
        this.set(await read(), 1);
      },
    });
  }

  request(method: string, route: string, status: number): void {
    this.#requests.inc({ method, route, status });
  }

  /** @param timings milliseconds by stage */
  matte(timings: Readonly<Record<string, number>>): void {
    for (const [stage, ms] of Object.entries(timings)) this.#stages.observe({ stage }, ms / 1000);
  }
}

/** Counts every request, including those refused by access control: register it first. */
export const countRequests = fp<{ metrics: Metrics }>(
  async (app, { metrics }) => {
    app.addHook('onRequest', async (request, reply) => {
      whenClosed(reply, () => {
        // A connection that became a WebSocket has no answer to finish; what goes through it is counted by itself.
        const isWhole = reply.raw.writableFinished || reply.statusCode === 101;
        const status = isWhole ? reply.statusCode : CANCELLED;
        metrics.request(request.method, request.routeOptions.url ?? 'none', status);
      });
    });
  },
  { name: 'count-requests' },
);
