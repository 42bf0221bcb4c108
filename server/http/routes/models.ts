import type { FastifyInstance } from 'fastify';
import { Models } from '../../../protocol/schemas/status.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ModelRegistry } from '../../registry/model-registry.ts';
import { downloadBytesOf } from '../../registry/spec/model-spec.ts';
import { EVERYWHERE, failures } from '../failures.ts';

export function registerModels(app: FastifyInstance, engine: Engine, registry: ModelRegistry): void {
  const schema = { summary: 'Models', response: { 200: Models, ...failures(...EVERYWHERE) } };
  app.get('/v1/models', { schema }, async (): Promise<Models> => {
    const defaultId = registry.resolve('auto').id;
    const models = await Promise.all(
      registry.list().map(async (spec) => ({
        id: spec.id,
        name: spec.name,
        purpose: spec.purpose,
        license: spec.license.spdx,
        state: (await engine.status(spec.id)).state,
        default: spec.id === defaultId,
        bytes: spec.weights.bytes ?? (await registry.manifest(spec))?.bytes ?? 0,
        downloadBytes: downloadBytesOf(spec) ?? 0,
      })),
    );
    return { models };
  });
}
