import type { FastifyInstance } from 'fastify';
import { PROTOCOL_VERSION } from '../../../protocol/limits.ts';
import { Health, Ready } from '../../../protocol/schemas/status.ts';
import { clientOf } from '../../access/client-id.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { VERSION } from '../../system/package-root.ts';
import { EVERYWHERE, failures } from '../failures.ts';

const HEALTH: Health = { name: 'hairline', version: VERSION, protocol: PROTOCOL_VERSION };

export function registerHealth(app: FastifyInstance, engine: Engine, jobs: Jobs): void {
  const errors = failures(...EVERYWHERE);
  const health = { summary: 'Is the server running?', response: { 200: Health, ...errors } };
  app.get('/health', { schema: health }, async () => HEALTH);

  const ready = { summary: 'Is the server ready?', response: { 200: Ready, 503: Ready, ...errors } };
  app.get('/ready', { schema: ready }, async (request, reply): Promise<Ready> => {
    const status = await engine.status('auto');
    const ready = status.state === 'ready';
    return reply.code(ready ? 200 : 503).send({
      ...HEALTH,
      ready,
      state: status.state,
      model: status.spec.id,
      provider: status.provider,
      label: status.label,
      reason: status.reason,
      queued: jobs.waiting + jobs.running,
      place: jobs.placeOf(clientOf(request)) ?? engine.placeOf?.(clientOf(request)) ?? null,
    });
  });
}
