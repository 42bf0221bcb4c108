import { setTimeout as delay } from 'node:timers/promises';
import type { Refine, Subject } from '../../../protocol/matte.ts';
import type { Config } from '../../config/config.ts';
import { createModelRegistry } from '../../registry/cached-registry.ts';
import type { ModelRegistry } from '../../registry/model-registry.ts';
import { defaultsOf } from '../../registry/preferred.ts';
import { downloadBytesOf, type ModelSpec } from '../../registry/spec/model-spec.ts';
import { builtInModelsDir } from '../../registry/spec/spec-loader.ts';
import { pullProgress } from '../progress.ts';
import { formatBytes, type Terminal } from '../terminal.ts';
import { Connection, findServer } from './connection.ts';

/** A model's id, or `auto` for the best model for the subject. */
export interface Wanted {
  model: string;
  subject: Subject;
  refine: Refine;
}

/** Connects to a server that has the model or can download it; starts one when none is running. */
export type Connect = (wanted: Wanted, config: Config, terminal: Terminal, signal: AbortSignal) => Promise<Connection>;

export const connect: Connect = async (wanted, config, terminal, signal) => {
  if (config.queue !== '') return connectToQueue(config, terminal, signal);
  const url = await findServer(config);
  if (!url) return startOwn(wanted, config, terminal, signal);
  terminal.say(`Using the server at ${url}.`);
  const connection = new Connection(url, signal);
  const { model, subject } = wanted;
  // The list marks only the portrait model. The server downloads the one for objects on request, and says so.
  if (model !== 'auto' || subject === 'portrait') await ensureModel(connection, model, config, terminal, signal);
  return connection;
};

export function openRegistry(config: Config) {
  return createModelRegistry({
    modelsDirs: [builtInModelsDir],
    cacheDir: config.cacheDir,
    ...defaultsOf(config.model),
  });
}

/**
 * `ISNet, general use (MIT): a download of 113 MB, 176 MB on disk.`
 * @param bytes size of the download, when the server had to be asked for it
 */
export function describeDownload(spec: ModelSpec, bytes: number | null = downloadBytesOf(spec)): string {
  const { name, license, weights } = spec;
  const download = bytes === null ? 'a download of unknown size' : `a download of ${formatBytes(bytes)}`;
  const onDisk = weights.bytes === undefined ? '' : `, ${formatBytes(weights.bytes)} on disk`;
  return `${name} (${license.spdx}): ${download}${onDisk}.`;
}

async function startOwn(
  { model, subject, refine }: Wanted,
  config: Config,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Connection> {
  const registry = openRegistry(config);
  const spec = registry.resolve('auto', subject);
  if (!(await registry.isInstalled(spec))) {
    terminal.say(`The model is downloaded once. ${describeDownload(spec)}`);
    await pullModel(registry, spec, terminal, signal);
  }
  signal.throwIfAborted();
  // Loaded only here: other commands need neither the network runtime nor the web server.
  const { startServer } = await import('../../main.ts');
  // Only this model: the server would otherwise download and load the portrait model first.
  // `best` waits for all of its models: within one batch every picture gets the same quality.
  const best = model === 'auto' && refine === 'best';
  const edges = registry.resolve('isnet');
  if (best && !(await registry.isInstalled(edges)))
    terminal.say(`--refine best needs one more, once; --refine fast does without. ${describeDownload(edges)}`);
  const { onProgress, stop } = pullProgress(terminal);
  const server = await startServer(
    { ...config, model: spec.id, ports: [0], logLevel: 'error' },
    { onProgress, prefetch: best },
  );
  const close = () => server.close();
  try {
    await Promise.race([server.ready.then(() => server.best).finally(stop), rejectOnAbort(signal)]);
  } catch (error) {
    await close();
    throw error;
  }
  return new Connection(server.url, signal, close);
}

/** Pictures in memory at a time, however many workers there are. */
const MOST_AT_ONCE = 16;

/** A server of its own that hands pictures to the workers of a studio, and needs no model itself. */
async function connectToQueue(config: Config, terminal: Terminal, signal: AbortSignal): Promise<Connection> {
  const { startServer } = await import('../../main.ts');
  const server = await startServer({ ...config, ports: [0], logLevel: 'error', maxJobs: 2 * MOST_AT_ONCE });
  const close = () => server.close();
  try {
    if ((await server.engine.status('auto')).state !== 'ready') terminal.say('Waiting for a worker of the studio …');
    await Promise.race([server.ready, rejectOnAbort(signal)]);
  } catch (error) {
    await close();
    throw error;
  }
  const { capacity = 1, status } = server.engine;
  terminal.say(`Using the studio: ${(await status.call(server.engine, 'auto')).label}.`);
  return new Connection(server.url, signal, close, Math.min(MOST_AT_ONCE, 2 * capacity));
}

async function ensureModel(
  connection: Connection,
  model: string,
  config: Config,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  for (let waits = 0; ; waits++) {
    const models = await connection.models();
    const found = models.find((m) => (model === 'auto' ? m.default : m.id === model));
    if (found?.state === 'missing') {
      const registry = openRegistry(config);
      return pullModel(registry, registry.resolve(found.id), terminal, signal);
    }
    if (found?.state !== 'downloading') return;
    if (waits === 0) terminal.say(`Waiting for the server to download ${found.name} …`);
    await delay(1000, undefined, { signal });
  }
}

/** Downloads a model and shows progress. */
export async function pullModel(
  registry: ModelRegistry,
  spec: ModelSpec,
  terminal: Terminal,
  signal: AbortSignal,
  force = false,
): Promise<void> {
  const { onProgress, stop } = pullProgress(terminal);
  try {
    await registry.pull(spec, { force, signal, onProgress });
  } finally {
    stop();
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
