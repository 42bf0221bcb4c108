import path from 'node:path';
import type { Refine, Subject } from '../../protocol/matte.ts';
import type { Config } from '../config/config.ts';
import { AppError } from '../errors.ts';
import { describeModel, type ModelStatus } from '../matting/model-status.ts';
import { planViews } from '../matting/views.ts';
import { ModelFetcher } from '../registry/model-fetcher.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import type { PullOptions } from '../registry/pull.ts';
import { packageRoot } from '../system/package-root.ts';
import type { Answer, EdgeTask, Engine, MatteTask, Usage, WorkOptions } from './engine.ts';
import { pickEngineConfig } from './engine-config.ts';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';
import type { Call } from './wire/messages.ts';
import { WorkerDied, type WorkerProcess } from './worker-process.ts';

export interface ChildEngineOptions extends Pick<SupervisorOptions, 'log' | 'stopWithin'> {
  /** Folders with model specs, which the child reads too. */
  modelsDirs: readonly string[];
  /** The child's script. */
  file?: string;
}

const CHILD = path.join(packageRoot, 'dist', 'server', 'engine', 'worker-main.js');

const TRIES = [
  { alone: false, onCpu: false },
  { alone: true, onCpu: false },
  { alone: true, onCpu: true },
];

const DIED = 'The process that runs the models crashed each time it was given this picture.';

/**
 * The engine in a child process, so that a crash in native code costs one try and not the server. Downloads stay in
 * this process; pictures, networks and kept mattes are in the child.
 */
export class WorkerEngine implements Engine {
  readonly #registry: ModelRegistry;
  readonly #fetcher: ModelFetcher;
  readonly #supervisor: Supervisor;
  readonly #device: Config['device'];
  #mattes = 0;

  constructor(
    config: Config,
    registry: ModelRegistry,
    { modelsDirs, log, stopWithin, file = CHILD }: ChildEngineOptions,
  ) {
    this.#registry = registry;
    this.#fetcher = new ModelFetcher(registry);
    this.#device = config.device;
    this.#supervisor = new Supervisor({
      file,
      settings: { config: pickEngineConfig(config), modelsDirs },
      maxBytes: config.maxEngineBytes,
      stopWithin,
      log,
    });
  }

  get queued(): number {
    return this.#mattes;
  }

  get restarts(): number {
    return this.#supervisor.restarts;
  }

  get usage(): Usage | null {
    return this.#supervisor.usage;
  }

  checkModel(model: string, subject: Subject): void {
    this.#fetcher.check(model, subject);
  }

  async matte(task: MatteTask, body: Buffer, options: WorkOptions): Promise<Answer> {
    this.#mattes++;
    try {
      await this.#fetcher.demand(task.model, task.subject);
      const { signal } = options;
      const onProgress = neverBack(options.onProgress);
      const call: Call = { ask: 'matte', task, bytes: body.byteLength };
      return (await this.#attempt((child) => child.call(call, { body, signal, onProgress }), signal)) as Answer;
    } finally {
      this.#mattes--;
    }
  }

  async weighEdge(task: EdgeTask): Promise<number> {
    return (await this.#askKeeper({ ask: 'weigh-edge', task })) as number;
  }

  async edge(task: EdgeTask, { signal }: WorkOptions): Promise<Answer> {
    return (await this.#askKeeper({ ask: 'edge', task }, signal)) as Answer;
  }

  async forget(id: string): Promise<boolean> {
    try {
      return (await this.#askKeeper({ ask: 'forget', matte: id })) as boolean;
    } catch (error) {
      if (error instanceof AppError && error.code === 'MATTE_GONE') return false;
      throw error;
    }
  }

  status(idOrAuto: string): Promise<ModelStatus> {
    const loadState = (id: string) => this.#supervisor.loadState(id);
    return describeModel(this.#registry.resolve(idOrAuto), this.#registry, this.#fetcher, loadState);
  }

  async prepare(idOrAuto: string, options?: PullOptions): Promise<ModelStatus> {
    const spec = this.#registry.resolve(idOrAuto);
    if (!(await this.#registry.isInstalled(spec))) await this.#fetcher.fetch(spec, options);
    await this.#attempt((child) => child.call({ ask: 'load', model: spec.id }));
    return this.status(spec.id);
  }

  async prepareViews(refine: Refine, options?: PullOptions): Promise<void> {
    const { id } = this.#registry.resolve('auto');
    for (const { model, optional } of planViews(id, 'portrait', refine))
      if (!optional) await this.prepare(model, options);
  }

  close(): Promise<void> {
    return this.#supervisor.close();
  }

  /**
   * Any of the jobs running when the child died may have caused it: each is retried alone, and finally without the
   * graphics card.
   * @throws {AppError} INFERENCE_FAILED when the child died each time
   */
  async #attempt<T>(work: (child: WorkerProcess) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const supervisor = this.#supervisor;
    let cause: unknown;
    for (const { alone, onCpu } of this.#device === 'cpu' ? TRIES.slice(0, 2) : TRIES) {
      const leave = await supervisor.lock.enter(alone, signal);
      try {
        const child = await supervisor.get(onCpu);
        signal?.throwIfAborted();
        const result = await work(child);
        supervisor.noteSuccess();
        return result;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof WorkerDied)) throw error;
        cause = error;
      } finally {
        leave();
      }
    }
    throw new AppError('INFERENCE_FAILED', DIED, { cause });
  }

  /** Kept mattes are lost with the child that made them. @throws {AppError} MATTE_GONE */
  async #askKeeper(call: Call, signal?: AbortSignal): Promise<unknown> {
    try {
      const child = this.#supervisor.current;
      if (child) return await child.call(call, { ...(signal && { signal }) });
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
    }
    throw new AppError('MATTE_GONE');
  }
}

/** A second try starts from zero; reported progress must not go back. */
function neverBack(onProgress: ((fraction: number) => void) | undefined): (fraction: number) => void {
  let most = 0;
  return (fraction) => {
    if (fraction <= most) return;
    most = fraction;
    onProgress?.(fraction);
  };
}
