import type { Depth, Enhance, Kept, Refine, Subject } from '../../protocol/matte.ts';
import { checkPoint, checkRegion, type Point } from '../imaging/area.ts';
import type { Picture, Region } from '../imaging/picture.ts';
import type { Strokes } from '../imaging/strokes-file.ts';
import { labelOf } from '../inference/execution-providers.ts';
import { type CacheOptions, type LoadSession, SessionCache } from '../inference/session-cache.ts';
import { ModelFetcher } from '../registry/model-fetcher.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import type { PullOptions } from '../registry/pull.ts';
import type { ModelSpec } from '../registry/spec/model-spec.ts';
import type { Plane16 } from './edge/plane.ts';
import { describeModel, type LoadState, type ModelStatus } from './model-status.ts';
import { estimateMatte, type Matte, type View } from './pipeline.ts';
import { type PlannedView, planStages, planViews } from './views.ts';

export interface MatteOptions {
  model: string;
  subject?: Subject;
  refine?: Refine;
  /** Limits the matte to a part of the picture. */
  region?: Region | null;
  subjects?: Kept;
  /** For `subjects: 'point'`. */
  point?: Point | null;
  /** A mask whose edge is found anew, of the picture's size; then without `region` and `subjects`. For 16 bits. */
  mask?: Plane16 | undefined;
  /** What a person painted over the mask. */
  strokes?: Strokes | undefined;
  enhance?: Enhance;
  depth: Depth;
  signal?: AbortSignal;
  /** Told 0..1, never less than before. */
  onProgress?: (fraction: number) => void;
}

/** Turns pictures into mattes: picks the model, loads it once, runs the pipeline. Independent of HTTP. */
export class MatteService {
  readonly registry: ModelRegistry;
  readonly #fetcher: ModelFetcher;
  readonly #sessions: SessionCache;
  readonly #failures = new Map<string, Error>();

  constructor(registry: ModelRegistry, load: LoadSession, options?: CacheOptions) {
    this.registry = registry;
    this.#fetcher = new ModelFetcher(registry);
    this.#sessions = new SessionCache(async (spec, device) => {
      try {
        const session = await load(spec, device);
        this.#failures.delete(spec.id);
        return session;
      } catch (error) {
        this.#failures.set(spec.id, error as Error);
        throw error;
      }
    }, options);
  }

  get queued(): number {
    return this.#sessions.queued;
  }

  /** Downloads the model when it is missing, then loads it. */
  async prepare(idOrAuto: string, options?: PullOptions): Promise<ModelStatus> {
    const spec = this.registry.resolve(idOrAuto);
    if (!(await this.registry.isInstalled(spec))) await this.#fetcher.fetch(spec, options);
    await this.#sessions.get(spec);
    return this.status(spec.id);
  }

  async status(idOrAuto: string): Promise<ModelStatus> {
    return describeModel(this.registry.resolve(idOrAuto), this.registry, this.#fetcher, (id) => this.loadState(id));
  }

  /** Null until the model is requested, and after it was unloaded. */
  loadState(id: string): LoadState | null {
    const loaded = this.#sessions.peek(id);
    if (loaded) {
      const { provider, reason } = loaded.session;
      return { state: 'ready', provider, label: labelOf(provider), reason };
    }
    const failure = this.#failures.get(id);
    const state = this.#sessions.isLoading(id) ? 'loading' : failure ? 'failed' : null;
    return state && { state, provider: null, label: null, reason: failure?.message ?? null };
  }

  /** The same for all models that `refine` asks about a portrait. */
  async prepareViews(refine: Refine, options?: PullOptions): Promise<void> {
    const { id } = this.registry.resolve('auto');
    for (const { model, optional } of planViews(id, 'portrait', refine))
      if (!optional) await this.prepare(model, options);
  }

  /**
   * Checks a request before its picture arrives. Synchronous, so that a client that disconnects meanwhile is not
   * missed.
   * @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING
   */
  checkModel(model: string, subject: Subject): ModelSpec {
    return this.#fetcher.check(model, subject);
  }

  /**
   * @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING, WEIGHTS_MISSING, WEIGHTS_CORRUPT, TRUNCATED_IMAGE, INFERENCE_FAILED,
   * BAD_REQUEST for a region or a point outside of the picture
   */
  async matte(
    picture: Picture,
    { model, subject = 'portrait', refine = 'best', region, subjects, point, enhance, ...options }: MatteOptions,
  ): Promise<Matte & { model: string; provider: string }> {
    if (region) checkRegion(region, picture);
    if (point) checkPoint(point, picture);
    const spec = await this.#fetcher.demand(model, subject);
    // When a model of `best` is missing, the views of `fast` may all be available.
    const plans = model === 'auto' ? [refine, 'fast' as const].map((how) => planViews(spec.id, subject, how)) : [];
    const views = await this.#loadViews(spec, plans);
    const stages = planStages(views.length, refine);
    const matte = await estimateMatte(picture, views, {
      ...options,
      stages,
      region,
      choice: subjects ? { subjects, point } : undefined,
      enhance: enhance !== 'off',
    });
    const used = views.map((view) => view.model);
    return {
      ...matte,
      model: used.map((loaded) => loaded.spec.id).join('+'),
      provider: [...new Set(used.map(({ session }) => session.provider))].join('+'),
    };
  }

  /** The views of the first plan whose models are all installed, optional ones apart; else the model alone. */
  async #loadViews(spec: ModelSpec, plans: readonly (readonly PlannedView[])[]): Promise<View[]> {
    for (const plan of plans) {
      const installed = await Promise.all(plan.map(({ model }) => this.#isReady(model)));
      if (plan.some(({ optional }, i) => !optional && !installed[i])) continue;
      const views = plan.filter((_, i) => installed[i]);
      const loaded = await Promise.all(views.map(({ model }) => this.#sessions.get(this.registry.resolve(model))));
      return views.map((view, i) => ({ ...view, model: loaded[i]! }));
    }
    return [{ model: await this.#sessions.get(spec) }];
  }

  async #isReady(model: string): Promise<boolean> {
    const spec = this.registry.list().find(({ id }) => id === model);
    return spec !== undefined && !this.#fetcher.isFetching(model) && (await this.registry.isInstalled(spec));
  }

  dispose(): Promise<void> {
    return this.#sessions.dispose();
  }
}
