import type { FastifyInstance } from 'fastify';
import type { MatteService } from '../matting/service.ts';
import type { Metrics } from '../metrics.ts';

/** `GET /metrics`: text for Prometheus, behind the same doors as everything else. */
export function registerMetrics(app: FastifyInstance, mattes: MatteService, metrics: Metrics): void {
  metrics.gauge('hairline_queue_length', 'Network runs waiting or running.', () => mattes.queued);
  metrics.labelled(
    'hairline_model_state',
    '1 for the state of the default model.',
    ['model', 'state', 'provider'],
    async () => {
      const { spec, state, provider } = await mattes.status('auto');
      return { model: spec.id, state, provider: provider ?? 'none' };
    },
  );
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
