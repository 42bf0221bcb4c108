import { AppError } from '../errors.ts';
import type { ModelRegistry } from './model-registry.ts';
import type { PullOptions } from './pull.ts';
import type { ModelSpec, Subject } from './spec/model-spec.ts';

/** Downloads models for the server, and tracks downloads and failures. */
export class ModelFetcher {
  readonly #registry: ModelRegistry;
  readonly #fetching = new Set<string>();
  readonly #failures = new Map<string, Error>();

  constructor(registry: ModelRegistry) {
    this.#registry = registry;
  }

  isFetching(id: string): boolean {
    return this.#fetching.has(id);
  }

  /** Why the last download of this model failed. */
  failureOf(id: string): Error | undefined {
    return this.#failures.get(id);
  }

  async fetch(spec: ModelSpec, options?: PullOptions): Promise<void> {
    this.#fetching.add(spec.id);
    try {
      await this.#registry.pull(spec, options);
      this.#failures.delete(spec.id);
    } catch (error) {
      this.#failures.set(spec.id, error as Error);
      throw error;
    } finally {
      this.#fetching.delete(spec.id);
    }
  }

  /** @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING */
  check(model: string, subject: Subject): ModelSpec {
    const spec = this.#registry.resolve(model, subject);
    if (this.#fetching.has(spec.id)) throw new AppError('MODEL_DOWNLOADING');
    return spec;
  }

  /**
   * The embedded models are part of the product: a request for a missing one starts its download.
   * @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING
   */
  async demand(model: string, subject: Subject): Promise<ModelSpec> {
    const spec = this.check(model, subject);
    if (model === 'auto' && (await this.#fetchMissing(spec))) throw new AppError('MODEL_DOWNLOADING');
    return spec;
  }

  async #fetchMissing(spec: ModelSpec): Promise<boolean> {
    if (spec.weights.sources.length === 0 || (await this.#registry.isInstalled(spec))) return false;
    // A download that cannot work is not retried for every picture; its reason was reported.
    if (this.#failures.has(spec.id)) return false;
    if (!this.#fetching.has(spec.id)) this.fetch(spec).catch(() => undefined);
    return true;
  }
}
