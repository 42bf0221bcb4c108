import type { FastifyInstance } from 'fastify';
import { PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { Health, Ready } from '../../protocol/status.ts';
import type { MatteService } from '../matting/service.ts';
import { VERSION } from '../package-root.ts';

const HEALTH: Health = { name: 'hairline', version: VERSION, protocol: PROTOCOL_VERSION };

export function registerHealth(app: FastifyInstance, mattes: MatteService): void {
  app.get('/health', async () => HEALTH);

  app.get('/ready', async (_request, reply): Promise<Ready> => {
    const status = await mattes.status('auto');
    const ready = status.state === 'ready';
    return reply.code(ready ? 200 : 503).send({
      ...HEALTH,
      ready,
      state: status.state,
      model: status.spec.id,
      provider: status.provider,
      label: status.label,
      reason: status.reason,
      queued: mattes.queued,
    });
  });
}
