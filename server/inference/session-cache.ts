import { AppError } from '../errors.ts';
import type { ModelSpec } from '../registry/model-spec.ts';
import { RunQueue } from './run-queue.ts';
import type { Session, Tensor } from './session.ts';

/** A loaded model with its queue: callers wait for their turn, then run alone. */
export interface LoadedModel {
  readonly spec: ModelSpec;
  readonly session: Session;
  readonly queue: RunQueue;
  /**
   * Runs the network on one prepared input.
   * @returns the output tensor and the milliseconds spent waiting and running.
   * @throws {AppError} INFERENCE_FAILED; the signal's reason when aborted before the turn came.
   */
  run(input: Tensor, signal?: AbortSignal): Promise<{ output: Tensor; waited: number; ran: number }>;
}

export type LoadSession = (spec: ModelSpec) => Promise<Session>;

/**
 * Keeps one session per model. Two callers share one load; a load that failed is forgotten, so that the next call
 * tries again.
 */
export class SessionCache {
  readonly #loaded = new Map<string, Promise<LoadedModel>>();
  readonly #ready = new Map<string, LoadedModel>();
  readonly #load: LoadSession;
  #disposed = false;

  constructor(load: LoadSession) {
    this.#load = load;
  }

  /** Requests waiting or running, over all models. */
  get queued(): number {
    let sum = 0;
    for (const model of this.#ready.values()) sum += model.queue.length;
    return sum;
  }

  /** The model, if it is loaded by now. */
  peek(id: string): LoadedModel | undefined {
    return this.#ready.get(id);
  }

  isLoading(id: string): boolean {
    return this.#loaded.has(id) && !this.#ready.has(id);
  }

  /** @throws {AppError} SHUTTING_DOWN after `dispose`; whatever the load reports. */
  async get(spec: ModelSpec): Promise<LoadedModel> {
    if (this.#disposed) throw new AppError('SHUTTING_DOWN');
    const known = this.#loaded.get(spec.id);
    if (known) return known;
    const loading = this.#load(spec).then((session) => {
      const model = this.#wrap(spec, session);
      if (!this.#disposed) this.#ready.set(spec.id, model);
      return model;
    });
    this.#loaded.set(spec.id, loading);
    loading.catch(() => this.#loaded.delete(spec.id));
    return loading;
  }

  /** Releases every session after the runs in progress. @throws {Error} the first failure, once all were tried. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const all = [...this.#loaded.values()];
    this.#loaded.clear();
    this.#ready.clear();
    const released = await Promise.allSettled(
      all.map(async (loading) => {
        const model = await loading.catch(() => null);
        await model?.queue.run(() => model.session.dispose());
      }),
    );
    for (const outcome of released) if (outcome.status === 'rejected') throw outcome.reason;
  }

  #wrap(spec: ModelSpec, session: Session): LoadedModel {
    const queue = new RunQueue();
    return {
      spec,
      session,
      queue,
      async run(input, signal) {
        const asked = performance.now();
        return queue.run(async () => {
          const began = performance.now();
          const { [spec.output.name]: output } = await session
            .run({ [spec.input.name]: input }, [spec.output.name])
            .catch((cause) => {
              throw new AppError('INFERENCE_FAILED', undefined, { cause });
            });
          return { output: output as Tensor, waited: began - asked, ran: performance.now() - began };
        }, signal);
      },
    };
  }
}
