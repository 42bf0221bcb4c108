import type { Config } from '../config/config.ts';
import type { Engine } from '../engine/engine.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import { Link, type LinkLog } from './link.ts';
import { PictureWorker, type PictureWorkerOptions } from './picture-worker.ts';
import { QueueEngine, type QueueEngineOptions } from './queue-engine.ts';

/** @throws {ConfigError} for secrets that cannot be read */
export function openQueueEngine(
  config: Config,
  registry: ModelRegistry,
  log?: LinkLog,
  options?: QueueEngineOptions,
): QueueEngine {
  return new QueueEngine(config, registry, new Link(config, { ...(log && { log }) }), options);
}

export interface OpenWorker {
  readonly worker: PictureWorker;
  /** Finishes the pictures in progress, then leaves the queue. */
  close(): Promise<void>;
}

/**
 * A worker on an engine whose models are ready: what is installed now decides which queue it takes pictures from.
 * @throws {ConfigError} for secrets that cannot be read
 */
export async function openWorker(
  config: Config,
  registry: ModelRegistry,
  engine: Engine,
  { log, ...options }: Partial<Pick<PictureWorkerOptions, 'version' | 'lock' | 'log' | 'onDrain'>> = {},
): Promise<OpenWorker> {
  const link = new Link(config, { ...(log && { log }) });
  const { provider, label } = await engine.status('auto');
  const all = await Promise.all(
    registry.list().map(async (spec) => ((await registry.isInstalled(spec)) ? [spec] : [])),
  );
  const models = await Promise.all(
    all.flat().map(async (spec) => {
      const sha256 = spec.weights.sha256 ?? (await registry.manifest(spec))?.sha256 ?? '';
      return [spec.id, sha256] as const;
    }),
  );
  const worker = new PictureWorker(link, engine, {
    traits: { provider: provider ?? 'unknown', auto: config.model, models },
    label: label ?? 'unknown',
    concurrency: config.concurrency,
    maxJobTime: config.maxJobTime,
    ...options,
    ...(log && { log }),
  });
  await worker.start();
  return {
    worker,
    async close() {
      await worker.drain();
      link.close();
    },
  };
}
