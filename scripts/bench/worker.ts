import { loadConfig } from '../../server/config/config.ts';
import { loadSession } from '../../server/inference/load-session.ts';
import { type RunningServer, startServer } from '../../server/main.ts';
import { createModelRegistry } from '../../server/registry/cached-registry.ts';
import { defaultsOf } from '../../server/registry/preferred.ts';
import { builtInModelsDir } from '../../server/registry/spec/spec-loader.ts';
import { peakBytes } from './peak-bytes.ts';

/**
 * One side of the benchmark in a process of its own, so that its peak memory is its own.
 * `bare`: nothing but the network. `server`: the product. Both answer messages of the parent.
 */
const role = process.argv[2];
let server: RunningServer | undefined;
// One network run a picture, so that there is a floor to compare with.
const config = loadConfig({ port: 0, logLevel: 'silent', model: process.argv[3] });

export type Reply =
  | { ready: true; url?: string; model: string; provider: string }
  | { ms: number }
  | { peakBytes: number };

if (role === 'bare') await serveBare();
else await serveServer();

async function serveBare(): Promise<void> {
  const registry = createModelRegistry({
    modelsDirs: [builtInModelsDir],
    cacheDir: config.cacheDir,
    ...defaultsOf(config.model),
  });
  const spec = registry.resolve('auto');
  await registry.pull(spec);
  const session = await loadSession(spec, await registry.readWeights(spec), config);
  const { name, width, height } = spec.input;
  const data = new Float32Array(3 * width * height).map((_, i) => Math.sin(i / 97) / 2);
  process.on('message', async (message) => {
    if (message !== 'run') return;
    const began = performance.now();
    await session.run({ [name]: { data, dims: [1, 3, height, width] } }, [spec.output.name]);
    reply({ ms: performance.now() - began });
  });
  reply({ ready: true, model: spec.id, provider: session.provider });
}

async function serveServer(): Promise<void> {
  server = await startServer(config);
  await server.ready;
  const { spec, provider } = await server.engine.status('auto');
  reply({ ready: true, url: server.url, model: spec.id, provider: provider ?? '' });
}

process.on('message', (message) => {
  if (message === 'peak') reply({ peakBytes: peakBytes(server) });
});

function reply(message: Reply): void {
  process.send?.(message);
}
