import type { FastifyInstance } from 'fastify';
import type { MatteService } from '../matting/service.ts';
import type { Metrics } from '../metrics.ts';
import { EVERYWHERE, failures } from '../schemas.ts';

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
