import { existsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../errors.ts';
import { createHttpClient } from '../http-client/http-client.ts';
import { InstalledWeights } from './install/installed-weights.ts';
import type { ModelShelf } from './model-registry.ts';
import type { PullProgress } from './pull.ts';
import { SharedTask } from './shared-task.ts';
import type { Reach, Unpacked } from './sources/originals.ts';
import type { ModelSpec, Subject } from './spec/model-spec.ts';
import { loadModelSpecs } from './spec/spec-loader.ts';

export interface RegistryOptions {
  /** Folders that hold `<id>/model.json`. */
  modelsDirs: readonly string[];
  /** The weights of a model are in `<cacheDir>/models/<id>/`. */
  cacheDir: string;
  /** What `auto` means, where `preferred` does not say. */
  defaultModel: string;
  /** Models that `auto` picks for a subject, best first. Missing ones are skipped, except the last. */
  preferred?: Partial<Record<Subject, readonly string[]>>;
  /** npm's settings, proxies and HAIRLINE_MODELSCOPE_ENDPOINT are read from here. */
  env?: NodeJS.ProcessEnv;
  reach?: Partial<Reach>;
  /** Retries and timeouts of downloads. */
  stallMs?: number;
  retryDelays?: readonly number[];
}

/** @throws {AppError} UNKNOWN_MODEL when a default model does not exist. */
export function createModelRegistry(options: RegistryOptions): ModelShelf {
  const specs = loadModelSpecs(options.modelsDirs);
  const pulls = new Map<string, SharedTask<PullProgress>>();
  const unpacked: Unpacked = new Map();
  const weightsOf = (spec: ModelSpec) =>
    new InstalledWeights(spec, path.join(options.cacheDir, 'models', spec.id), shippedDir(options.modelsDirs, spec));

  const registry: ModelShelf = {
    list: () => [...specs],

    resolve(idOrAuto, subject = 'portrait') {
      if (idOrAuto !== 'auto') return find(idOrAuto);
      const preferred = (subject && options.preferred?.[subject]) ?? [];
      const installed = preferred.map(find).find((spec) => weightsOf(spec).present);
      return installed ?? find(preferred.at(-1) ?? options.defaultModel);
    },

    isInstalled: async (spec) => (await weightsOf(spec).size()) !== null,
    place: (spec) => weightsOf(spec).place(),
    manifest: (spec) => weightsOf(spec).manifest(),
    readWeights: (spec) => weightsOf(spec).read(),
    remove: (spec) => weightsOf(spec).remove(),

    async pull(spec, { force = false, signal, onProgress } = {}) {
      if (!force && (await isIntact(spec))) return;
      // A download whose last caller has just left is still cleaning up, so it cannot be joined.
      while (pulls.get(spec.id)?.abandoned) await pulls.get(spec.id)?.finished;
      const task = pulls.get(spec.id) ?? startPull(spec);
      await task.join(signal, onProgress).catch((error: unknown) => {
        throw signal?.aborted ? cancelled(error) : error;
      });
    },

    async offer(spec, signal) {
      const { findOffer } = await import('./sources/offer.ts');
      return findOffer(spec, await reach(), signal);
    },

    async add(spec, file) {
      const { addFile } = await import('./install/add-file.ts');
      await addFile(spec, weightsOf(spec), file);
    },

    async example(pair, { folder, signal }) {
      const { fetchExample } = await import('./sources/examples.ts');
      return fetchExample(pair, { ...(await reach()), folder, signal });
    },
  };
  registry.resolve('auto');
  for (const id of Object.values(options.preferred ?? {}).flat()) find(id);
  return registry;

  function find(id: string): ModelSpec {
    const spec = specs.find((s) => s.id === id);
    if (spec) return spec;
    const known = specs.map((s) => s.id).join(', ');
    throw new AppError('UNKNOWN_MODEL', `There is no model named "${id}". Available models: ${known}.`);
  }

  function startPull(spec: ModelSpec): SharedTask<PullProgress> {
    const task = new SharedTask<PullProgress>((signal, report) =>
      install(spec, signal, report).finally(() => pulls.delete(spec.id)),
    );
    pulls.set(spec.id, task);
    return task;
  }

  async function isIntact(spec: ModelSpec): Promise<boolean> {
    return registry.readWeights(spec).then(
      () => true,
      () => false,
    );
  }

  async function install(spec: ModelSpec, signal: AbortSignal, onProgress: (p: PullProgress) => void): Promise<void> {
    const { stallMs, retryDelays } = options;
    try {
      const { installModel } = await import('./install/install.ts');
      const patience = { ...(stallMs && { stallMs }), ...(retryDelays && { retryDelays }) };
      await installModel(spec, weightsOf(spec), { ...(await reach()), ...patience, unpacked, signal, onProgress });
    } catch (error) {
      throw signal.aborted ? cancelled(error) : error;
    }
  }

  /** Loaded only when needed: npm's client takes a third of a second, and a download is made once. */
  async function reach(): Promise<Reach> {
    const { env = process.env, stallMs } = options;
    const [{ npmTarballFetcher }, { modelScopeEndpoint }] = await Promise.all([
      import('./sources/npm-tarball.ts'),
      import('./sources/modelscope.ts'),
    ]);
    return {
      http: createHttpClient(env),
      fetchTarball: npmTarballFetcher(env, stallMs),
      modelScope: modelScopeEndpoint(env),
      ...options.reach,
    };
  }
}

/** The folder of the spec itself. */
function shippedDir(modelsDirs: readonly string[], { id }: ModelSpec): string {
  const folders = modelsDirs.map((dir) => path.join(dir, id));
  return folders.find((folder) => existsSync(path.join(folder, 'model.json'))) ?? folders[0]!;
}

function cancelled(cause: unknown): AppError {
  return new AppError('CANCELLED', 'The download was cancelled.', { cause });
}
