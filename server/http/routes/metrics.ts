import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/engine.ts';
import { EVERYWHERE, failures } from '../failures.ts';
import type { Metrics } from '../metrics.ts';

/** `GET /metrics`: Prometheus text, behind the same access control as all routes. */
export function registerMetrics(app: FastifyInstance, engine: Engine, metrics: Metrics): void {
  metrics.gauge('hairline_queue_length', 'Mattes waiting or running.', () => engine.queued);
  metrics.gauge(
    'hairline_engine_restarts_total',
    'Crashes of the process that runs the models.',
    () => engine.restarts,
  );
  metrics.gauge(
    'hairline_engine_memory_bytes',
    'Memory of the process that runs the models.',
    () => engine.usage?.rss ?? 0,
  );
  metrics.labeled(
    'hairline_model_state',
    '1 for the state of the default model.',
    ['model', 'state', 'provider'],
    async () => {
      const { spec, state, provider } = await engine.status('auto');
      return { model: spec.id, state, provider: provider ?? 'none' };
    },
  );
  const described = {
    summary: 'Numbers for Prometheus',
    response: {
      200: {
        description: 'Prometheus text, version 0.0.4.',
        content: { 'text/plain': { schema: { type: 'string' } } },
      },
      ...failures(...EVERYWHERE),
    },
  };
  app.get('/metrics', { config: { described } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
