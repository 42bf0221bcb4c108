import type { Depth, Subject } from '../../protocol/matte.ts';
import type { ModelState } from '../../protocol/status.ts';
import { AppError } from '../errors.ts';
import type { Picture } from '../imaging/picture.ts';
import { labelOf } from '../inference/execution-providers.ts';
import type { LoadSession } from '../inference/session-cache.ts';
import { SessionCache } from '../inference/session-cache.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import type { ModelSpec } from '../registry/model-spec.ts';
import { estimateMatte, type Matte } from './pipeline.ts';

export interface ModelStatus {
  spec: ModelSpec;
  state: ModelState;
  provider: string | null;
  /** The provider's name for people. */
  label: string | null;
  /** Why this provider, or why the model is not ready. */
  reason: string | null;
}

/** Turns pictures into mattes: picks the model, loads it once, runs the pipeline. Knows no HTTP. */
export class MatteService {
  readonly registry: ModelRegistry;
  readonly #sessions: SessionCache;
  readonly #failures = new Map<string, Error>();
  readonly #fetching = new Set<string>();

  constructor(registry: ModelRegistry, load: LoadSession) {
    this.registry = registry;
    this.#sessions = new SessionCache(async (spec) => {
      try {
        const session = await load(spec);
        this.#failures.delete(spec.id);
        return session;
      } catch (error) {
        this.#failures.set(spec.id, error as Error);
        throw error;
      }
    });
  }

  get queued(): number {
    return this.#sessions.queued;
  }

  /** Downloads the model when it is missing, then loads it. */
  async prepare(idOrAuto: string, onProgress?: Parameters<ModelRegistry['pull']>[1]): Promise<ModelStatus> {
    const spec = this.registry.resolve(idOrAuto);
    if (!(await this.registry.isInstalled(spec))) {
      this.#fetching.add(spec.id);
      try {
        await this.registry.pull(spec, onProgress);
      } catch (error) {
        this.#failures.set(spec.id, error as Error);
        throw error;
      } finally {
        this.#fetching.delete(spec.id);
      }
    }
    await this.#sessions.get(spec);
    return this.status(spec.id);
  }

  async status(idOrAuto: string): Promise<ModelStatus> {
    const spec = this.registry.resolve(idOrAuto);
    const loaded = this.#sessions.peek(spec.id);
    if (loaded) {
      const { provider, reason } = loaded.session;
      return { spec, state: 'ready', provider, label: labelOf(provider), reason };
    }
    const failure = this.#failures.get(spec.id);
    const state = this.#fetching.has(spec.id)
      ? 'downloading'
      : this.#sessions.isLoading(spec.id)
        ? 'loading'
        : !(await this.registry.isInstalled(spec))
          ? 'missing'
          : failure
            ? 'failed'
            : 'installed';
    return { spec, state, provider: null, label: null, reason: failure?.message ?? null };
  }

  /**
   * @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING, WEIGHTS_MISSING, WEIGHTS_CORRUPT, TRUNCATED_IMAGE, INFERENCE_FAILED
   */
  async matte(
    picture: Picture,
    { model, subject, ...options }: { model: string; subject?: Subject; depth: Depth; signal?: AbortSignal },
  ): Promise<Matte & { model: string; provider: string }> {
    const spec = this.registry.resolve(model, subject);
    if (model === 'auto') await this.#fetchMissing(spec);
    if (this.#fetching.has(spec.id)) throw new AppError('MODEL_DOWNLOADING');
    const loaded = await this.#sessions.get(spec);
    const matte = await estimateMatte(picture, loaded, options);
    return { ...matte, model: loaded.spec.id, provider: loaded.session.provider };
  }

  /** The embedded models are part of the product: who asks for one that is not there yet gets it fetched. */
  async #fetchMissing(spec: ModelSpec): Promise<void> {
    if (this.#fetching.has(spec.id) || (await this.registry.isInstalled(spec))) return;
    // A download that cannot work is not tried for every picture again; its reason was told.
    if (this.#failures.has(spec.id)) return;
    this.prepare(spec.id).catch(() => undefined);
  }

  dispose(): Promise<void> {
    return this.#sessions.dispose();
  }
}
