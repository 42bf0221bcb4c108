import type { Config } from '../config/config.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import type { Engine } from './engine.ts';

export interface OpenOptions {
  /** Folders with model specs. */
  modelsDirs: readonly string[];
  log(level: 'info' | 'warn', fields: object, text: string): void;
}

/**
 * The engine of this computer. Only the selected one is loaded: a server with a child process needs neither image library
 * nor network runtime itself.
 */
export async function openEngine(
  config: Config,
  registry: ModelRegistry,
  { modelsDirs, log }: OpenOptions,
): Promise<Engine> {
  if (config.isolate) {
    const { WorkerEngine } = await import('./worker-engine.ts');
    return new WorkerEngine(config, registry, { modelsDirs, log });
  }
  const { openLocalEngine } = await import('./open-local.ts');
  return openLocalEngine(config, registry, { log: (fields, text) => log('info', fields, text) });
}
