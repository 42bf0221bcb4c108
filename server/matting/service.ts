import type { Depth, Refine, Subject } from '../../protocol/matte.ts';
import type { ModelState } from '../../protocol/status.ts';
import { AppError } from '../errors.ts';
import type { Picture } from '../imaging/picture.ts';
import { labelOf } from '../inference/execution-providers.ts';
import type { LoadSession } from '../inference/session-cache.ts';
import { SessionCache } from '../inference/session-cache.ts';
import type { ModelRegistry, PullOptions } from '../registry/model-registry.ts';
import type { ModelSpec } from '../registry/model-spec.ts';
import { BEST_STAGES, estimateMatte, type Matte, type View } from './pipeline.ts';
import { type PlannedView, planViews } from './views.ts';

export interface ModelStatus {
  spec: ModelSpec;
  state: ModelState;
  provider: string | null;
  /** The provider's name for people. */
  label: string | null;
  /** Why this provider, or why the model is not ready. */
  reason: string | null;
}

export interface MatteOptions {
  model: string;
  subject?: Subject;
  refine?: Refine;
  depth: Depth;
  signal?: AbortSignal;
  /** Told 0..1, never less than before. */
  onProgress?: (fraction: number) => void;
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
  async prepare(idOrAuto: string, options?: PullOptions): Promise<ModelStatus> {
    const spec = this.registry.resolve(idOrAuto);
    if (!(await this.registry.isInstalled(spec))) await this.#fetch(spec, options);
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
   * Downloads and loads whatever `refine=best` needs beside the default model. Until it is there, `best` answers like
   * `fast`.
   */
  async prepareBest(options?: PullOptions): Promise<void> {
    const { id } = this.registry.resolve('auto');
    for (const { model } of planViews(id, 'portrait', 'best')) await this.prepare(model, options);
  }

  /**
   * What can be said of a request before its picture is there, at once: whoever leaves meanwhile must not be missed.
   * @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING
   */
  checkModel(model: string, subject: Subject): ModelSpec {
    const spec = this.registry.resolve(model, subject);
    if (this.#fetching.has(spec.id)) throw new AppError('MODEL_DOWNLOADING');
    return spec;
  }

  /**
   * @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING, WEIGHTS_MISSING, WEIGHTS_CORRUPT, TRUNCATED_IMAGE, INFERENCE_FAILED
   */
  async matte(
    picture: Picture,
    { model, subject = 'portrait', refine = 'best', ...options }: MatteOptions,
  ): Promise<Matte & { model: string; provider: string }> {
    const spec = this.checkModel(model, subject);
    if (model === 'auto' && (await this.#fetchMissing(spec))) throw new AppError('MODEL_DOWNLOADING');
    const views = await this.#loadViews(spec, model === 'auto' ? planViews(spec.id, subject, refine) : []);
    // More than one view was loaded only for `refine=best`.
    const stages = views.length > 1 ? BEST_STAGES : {};
    const matte = await estimateMatte(picture, views, { ...options, stages });
    const used = views.map((view) => view.model);
    return {
      ...matte,
      model: used.map((loaded) => loaded.spec.id).join('+'),
      provider: [...new Set(used.map(({ session }) => session.provider))].join('+'),
    };
  }

  /** The planned views where all their models are installed, else the model alone. */
  async #loadViews(spec: ModelSpec, planned: readonly PlannedView[]): Promise<View[]> {
    const specs = planned.map((view) => this.registry.resolve(view.model));
    const installed = await Promise.all(
      specs.map(async (s) => (await this.registry.isInstalled(s)) && !this.#fetching.has(s.id)),
    );
    if (planned.length < 2 || installed.includes(false)) return [{ model: await this.#sessions.get(spec) }];
    const loaded = await Promise.all(specs.map((s) => this.#sessions.get(s)));
    return planned.map((view, i) => ({ ...view, model: loaded[i]! }));
  }

  /** The embedded models are part of the product: who asks for one that is not there yet gets it fetched. */
  async #fetchMissing(spec: ModelSpec): Promise<boolean> {
    if (spec.weights.sources.length === 0 || (await this.registry.isInstalled(spec))) return false;
    // A download that cannot work is not tried for every picture again; its reason was told.
    if (this.#failures.has(spec.id)) return false;
    if (!this.#fetching.has(spec.id)) this.#fetch(spec).catch(() => undefined);
    return true;
  }

  async #fetch(spec: ModelSpec, options?: PullOptions): Promise<void> {
    this.#fetching.add(spec.id);
    try {
      await this.registry.pull(spec, options);
    } catch (error) {
      this.#failures.set(spec.id, error as Error);
      throw error;
    } finally {
      this.#fetching.delete(spec.id);
    }
  }

  dispose(): Promise<void> {
    return this.#sessions.dispose();
  }
}
