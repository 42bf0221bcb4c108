import { Socket } from 'node:net';
import { AppError } from '../errors.ts';
import { createModelRegistry } from '../registry/cached-registry.ts';
import { defaultsOf } from '../registry/preferred.ts';
import { openLocalEngine } from './open-local.ts';
import { serveEngine } from './worker.ts';

// Entry point of the child process that touches pixels and networks; `WorkerProcess` starts it. It ignores signals sent
// to the process group: the parent finishes the pictures in progress and then tells this process to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

serveEngine(
  new Socket({ fd: 3 }),
  ({ config, modelsDirs }, tools) => {
    const registry = createModelRegistry({ modelsDirs, cacheDir: config.cacheDir, ...defaultsOf(config.model) });
    // The parent downloads.
    const pull = () => Promise.reject(new AppError('WEIGHTS_MISSING'));
    return openLocalEngine(config, { ...registry, pull }, tools);
  },
  () => process.exit(),
);
