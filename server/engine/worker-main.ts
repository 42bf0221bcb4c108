import { Socket } from 'node:net';
import { AppError } from '../errors.ts';
import { createModelRegistry } from '../registry/cached-registry.ts';
import { defaultsOf } from '../registry/preferred.ts';
import { openLocalEngine } from './open-local.ts';
import { serveEngine } from './worker.ts';

// The process that touches pixels and networks; `WorkerProcess` starts it. What a terminal or the system sends to the
// whole group is the parent's business: it finishes the pictures in progress, and then this process ends at its word.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

serveEngine(
  new Socket({ fd: 3 }),
  ({ config, modelsDirs }, tools) => {
    const registry = createModelRegistry({ modelsDirs, cacheDir: config.cacheDir, ...defaultsOf(config.model) });
    // Downloads are the parent's.
    const pull = () => Promise.reject(new AppError('WEIGHTS_MISSING'));
    return openLocalEngine(config, { ...registry, pull }, tools);
  },
  () => process.exit(),
);
