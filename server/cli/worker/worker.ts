import closeWithGrace from 'close-with-grace';
import type { Command } from 'commander';
import { type Config, type Flags, loadUserConfig } from '../../config/config.ts';
import type { Engine } from '../../engine/engine.ts';
import { createModelRegistry } from '../../registry/cached-registry.ts';
import type { ModelRegistry } from '../../registry/model-registry.ts';
import { defaultsOf } from '../../registry/preferred.ts';
import { builtInModelsDir } from '../../registry/spec/spec-loader.ts';
import { VERSION } from '../../system/package-root.ts';
import { pullProgress } from '../progress.ts';
import { Terminal, UsageError } from '../terminal.ts';

/** Milliseconds for leaving the queue once the last picture is finished. */
const LEAVE = 10_000;

/** Adds `hairline worker`. */
export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description('work on pictures of a studio: take them from its queue until stopped')
    .option('--queue <url>', 'address of the queue, redis:// or rediss:// for TLS')
    .option('--queue-secret-file <file>', 'file with the secret of the studio (see "hairline cluster secret")')
    .option('--queue-password-file <file>', 'file with the password of the queue')
    .option('--metrics-port <number>', 'serve numbers for Prometheus at this port')
    .option('--host <address>', 'address for that (default: this computer alone)')
    .option('-m, --model <id>', 'default model of requests that name none')
    .option('--device <device>', 'auto, gpu, cpu, cuda, dml, coreml or webgpu')
    .option('--strict', 'fail instead of falling back from the fastest provider of this system')
    .option('--recheck', 'check the providers again instead of using earlier results')
    .option('--threads <number>', 'threads of the CPU provider (default: one per core)')
    .option('--cache-dir <folder>', 'model folder')
    .option('--config-dir <folder>', 'folder of the settings')
    .option('--log-dir <folder>', 'log folder')
    .option('--log-level <level>', 'level of messages shown here: silent, error, warn, info or debug')
    .action(async (flags: Flags) => {
      const config = loadUserConfig(flags);
      if (config.queue === '')
        throw new UsageError('Name the queue of the studio: hairline worker --queue rediss://queue.studio.local');
      await work(config, new Terminal());
    });
}

async function work(config: Config, terminal: Terminal): Promise<void> {
  // Loaded only now: the other commands need neither queue nor networks.
  const [{ createLogger }, { openEngine }, { openWorker }] = await Promise.all([
    import('../../log/logger.ts'),
    import('../../engine/open-engine.ts'),
    import('../../queue/open-queue.ts'),
  ]);
  const logger = createLogger(config, { onFailure: (sentence) => terminal.complain(sentence) });
  const log = (level: 'info' | 'warn', fields: object, text: string) => logger[level](fields, text);
  const modelsDirs = [builtInModelsDir];
  const registry = createModelRegistry({ modelsDirs, cacheDir: config.cacheDir, ...defaultsOf(config.model) });
  const engine = await openEngine(config, registry, { modelsDirs, log });
  const stopping = new AbortController();
  let leave = async () => {};
  const { close: stop } = closeWithGrace(
    { delay: config.maxJobTime + LEAVE, logger: false },
    async ({ err, signal }) => {
      if (err) logger.error({ err }, 'stopping after a fault');
      else logger.info({ ...(signal && { signal }) }, 'stopping');
      terminal.say('Finishing the pictures in progress; press Ctrl-C again to drop them for another worker.');
      stopping.abort();
      await leave();
      await engine.close();
      logger.info('stopped');
    },
  );
  await prepare(engine, config, registry, terminal, stopping.signal);
  const { worker, close } = await openWorker(config, registry, engine, { log, onDrain: stop });
  leave = close;
  if (config.metricsPort > 0) {
    const { createMetrics, serveMetrics } = await import('./metrics.ts');
    await serveMetrics(
      createMetrics(worker, () => engine.usage?.rss ?? 0),
      config.host,
      config.metricsPort,
    );
  }
  const { provider, label, models } = worker.info;
  logger.info({ version: VERSION, worker: worker.id, provider, models }, 'working');
  terminal.say(
    `Hairline ${VERSION}, worker ${worker.id}, on ${label}. Models: ${models.join(', ')}. Stop with Ctrl-C.`,
  );
}

/** All models first: what a worker has decides which pictures it gets. */
async function prepare(
  engine: Engine,
  { model }: Config,
  registry: ModelRegistry,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { onProgress, stop } = pullProgress(terminal);
  const pulling = { signal, onProgress };
  try {
    await engine.prepare('auto', pulling);
    if (model === 'auto') {
      await engine.prepareViews('best', pulling);
      // For objects; `best` may not include it.
      await engine.prepare(registry.resolve('auto', 'object').id, pulling);
    }
  } finally {
    stop();
  }
}
