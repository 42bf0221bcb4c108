import type { FastifyBaseLogger } from 'fastify';
import { LOOPBACK } from '../protocol/limits.ts';
import type { Refine } from '../protocol/matte.ts';
import { listen } from './access/listen.ts';
import type { Config } from './config/config.ts';
import type { Engine } from './engine/engine.ts';
import { type OpenOptions, openEngine } from './engine/open-engine.ts';
import { buildApp } from './http/app.ts';
import type { Shutdown } from './http/routes/shutdown.ts';
import { createModelRegistry } from './registry/cached-registry.ts';
import type { ModelRegistry } from './registry/model-registry.ts';
import { defaultsOf } from './registry/preferred.ts';
import type { PullProgress } from './registry/pull.ts';
import { builtInModelsDir } from './registry/spec/spec-loader.ts';
import type { Desk } from './system/desk.ts';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly engine: Engine;
  readonly registry: ModelRegistry;
  /** Settles when the default model and those of `refine=fast` are downloaded, loaded and warmed up, or one has failed. */
  readonly ready: Promise<void>;
  /** Settles when the models of `refine=best` are ready too, or have failed. */
  readonly best: Promise<void>;
  /** Finishes the requests in progress, then releases everything. */
  close(): Promise<void>;
}

export interface StartOptions {
  logger?: FastifyBaseLogger;
  onProgress?: (progress: PullProgress) => void;
  /** Folders with model specs; the built-in ones by default. */
  modelsDirs?: readonly string[];
  /** Whether the models of `refine=best`, 113 MB, are fetched before a picture needs them; true by default. */
  prefetch?: boolean;
  /** Token that lets a client stop the server over HTTP; without it that route does not exist. */
  shutdown?: Shutdown;
  /** What the page may change on this computer. */
  desk?: Desk;
}

/**
 * Starts listening on the first free port of the configuration and starts loading the default model.
 * @throws {Error} EADDRINUSE when no port is free.
 */
export async function startServer(
  config: Config,
  { logger, onProgress, modelsDirs = [builtInModelsDir], shutdown, desk, prefetch = true }: StartOptions = {},
): Promise<RunningServer> {
  const registry = createModelRegistry({
    modelsDirs,
    cacheDir: config.cacheDir,
    ...defaultsOf(config.model),
  });
  const engine = await chooseEngine(config, registry, {
    modelsDirs,
    log: (level, fields, text) => logger?.[level](fields, text),
  });
  const app = await buildApp({
    config,
    engine,
    registry,
    ...(logger && { logger }),
    ...(shutdown && { shutdown }),
    ...(desk && { desk }),
  });
  const port = await listen(app, config);
  const stopping = new AbortController();
  const pulling = { signal: stopping.signal, ...(onProgress && { onProgress }) };
  const warn = (text: string) => (error: Error) => logger?.warn({ err: error }, text);
  // One network is enough for a mask: what else fails to come costs quality, not the start.
  const more = (refine: Refine) =>
    engine.prepareViews(refine, pulling).catch(warn(`refine=${refine} does without some of its models`));
  const ready = engine.prepare('auto', pulling).then(() => more('fast'));
  const best = ready.then(() => (prefetch ? more('best') : undefined));
  // Callers that need the model await `ready`; a server without its model still answers, and reports that at /ready.
  for (const outcome of [ready, best]) outcome.catch(() => undefined);
  return {
    url: `http://${LOOPBACK}:${port}`,
    port,
    engine,
    registry,
    ready,
    best,
    async close() {
      stopping.abort();
      await app.close();
      // A cancelled download removes its part files; wait for that, so that the caller can delete the folder.
      await Promise.allSettled([ready, best]);
      await engine.close();
    },
  };
}

/** With a queue this computer works on nothing itself; without one nothing of a queue is loaded. */
async function chooseEngine(config: Config, registry: ModelRegistry, options: OpenOptions): Promise<Engine> {
  if (config.queue === '') return openEngine(config, registry, options);
  const { openQueueEngine } = await import('./queue/open-queue.ts');
  return openQueueEngine(config, registry, options.log);
}
