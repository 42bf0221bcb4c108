import type { FastifyInstance } from 'fastify';
import type { ModelInfo } from '../../../protocol/status.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ModelRegistry } from '../../registry/model-registry.ts';
import { downloadBytesOf } from '../../registry/spec/model-spec.ts';
import { EVERYWHERE, failures, ModelsSchema } from '../schemas.ts';

export function registerModels(app: FastifyInstance, engine: Engine, registry: ModelRegistry): void {
  const schema = { summary: 'Models', response: { 200: ModelsSchema, ...failures(...EVERYWHERE) } };
  app.get('/v1/models', { schema }, async (): Promise<{ models: ModelInfo[] }> => {
    const defaultId = registry.resolve('auto').id;
    const models = await Promise.all(
      registry.list().map(async (spec) => ({
        id: spec.id,
        name: spec.name,
        purpose: spec.purpose,
        licence: spec.licence.spdx,
        state: (await engine.status(spec.id)).state,
        default: spec.id === defaultId,
        bytes: spec.weights.bytes ?? (await registry.manifest(spec))?.bytes ?? 0,
        downloadBytes: downloadBytesOf(spec) ?? 0,
      })),
    );
    return { models };
  });
}
