import type { Refine, Subject } from '../../protocol/matte.ts';
import type { Config } from '../config/config.ts';
import type { Answer, EdgeTask, Engine, MatteTask, WorkOptions } from '../engine/engine.ts';
import { AppError } from '../errors.ts';
import type { ModelStatus } from '../matting/model-status.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import type { PullOptions } from '../registry/pull.ts';
import { VERSION } from '../system/package-root.ts';
import { Dispatcher, type Errand } from './dispatcher.ts';
import type { Link } from './link.ts';
import type { Ask } from './orders.ts';
import { namePersonal } from './pool-name.ts';
import { Roll, type WorkerInfo } from './roll.ts';

/** Milliseconds between two readings of the roll. */
const READ_EVERY = 1_000;

/** Milliseconds that a picture waits for a worker where there is none: time for one to start again. */
const WORKER_WITHIN = 30_000;

/** Milliseconds without the queue until requests are refused at once. */
const REFUSE_AFTER = 15_000;

export interface QueueEngineOptions {
  /** Answers come from workers of this version only; this package's own. */
  version?: string;
  /** Milliseconds, for tests. */
  workerWithin?: number;
}

/** The engine of a studio: hands pictures to workers on any computer, through a queue. */
export class QueueEngine implements Engine {
  readonly restarts = 0;
  readonly usage = null;
  readonly #config: Pick<Config, 'model' | 'device'>;
  readonly #registry: ModelRegistry;
  readonly #link: Link;
  readonly #roll: Roll;
  readonly #dispatcher: Dispatcher;
  readonly #version: string;
  readonly #workerWithin: number;
  readonly #reading: NodeJS.Timeout;
  #workers: readonly WorkerInfo[] = [];
  /** When workers were last seen. */
  #seen = performance.now();
  #closed = false;

  constructor(
    config: Pick<Config, 'model' | 'device' | 'maxWaiting'>,
    registry: ModelRegistry,
    link: Link,
    { version = VERSION, workerWithin = WORKER_WITHIN }: QueueEngineOptions = {},
  ) {
    this.#config = config;
    this.#registry = registry;
    this.#link = link;
    this.#roll = new Roll(link);
    this.#dispatcher = new Dispatcher(link, config);
    this.#version = version;
    this.#workerWithin = workerWithin;
    this.#reading = setInterval(() => void this.#read(), READ_EVERY).unref();
    void this.#read();
  }

  get queued(): number {
    return this.#dispatcher.pending;
  }

  placeOf(client: string): number | null {
    return this.#dispatcher.placeOf(client);
  }

  checkModel(model: string, subject: Subject): void {
    this.#registry.resolve(model, subject);
    if (this.#link.silence > REFUSE_AFTER) throw new AppError('QUEUE_UNREACHABLE');
    const waited = performance.now() - this.#seen;
    if (this.#candidates(model).length === 0 && waited > this.#workerWithin) throw this.#noWorkers(model);
  }

  async matte(task: MatteTask, body: Buffer, { signal, onProgress, client = '' }: WorkOptions): Promise<Answer> {
    const model = this.#nameModel(task.model);
    const errand: Errand = {
      ask: (picture) => ({ kind: 'matte', task: { ...task, model }, picture }),
      picture: body,
      client,
      takesTurn: true,
      choose: () => this.#choosePool(model, signal),
      isServed: (queue) => this.#workers.some(({ pool, draining }) => pool === queue && !draining),
    };
    return (await this.#dispatcher.run(errand, signal, neverBack(onProgress))) as Answer;
  }

  async weighEdge(task: EdgeTask): Promise<number> {
    return (await this.#askKeeper(task.id, { kind: 'weigh-edge', task })) as number;
  }

  async edge(task: EdgeTask, { signal }: WorkOptions): Promise<Answer> {
    return (await this.#askKeeper(task.id, { kind: 'edge', task }, signal)) as Answer;
  }

  async forget(id: string): Promise<boolean> {
    try {
      return (await this.#askKeeper(id, { kind: 'forget', matte: id })) as boolean;
    } catch (error) {
      if (error instanceof AppError && error.code === 'MATTE_GONE') return false;
      throw error;
    }
  }

  async status(idOrAuto: string): Promise<ModelStatus> {
    const spec = this.#registry.resolve(idOrAuto);
    const nothing = { spec, provider: null, label: null };
    if (!this.#link.isReachable) {
      const why = this.#link.fault ? ` (${this.#link.fault})` : '';
      return { ...nothing, state: 'failed', reason: `The queue of the studio cannot be reached${why}.` };
    }
    const workers = this.#candidates(idOrAuto);
    if (workers.length > 0) {
      const provider = [...new Set(workers.map((worker) => worker.provider))].join('+');
      return { spec, state: 'ready', provider, label: countDevices(workers), reason: null };
    }
    const others = this.#workers.filter(({ draining }) => !draining);
    if (others.length === 0) return { ...nothing, state: 'loading', reason: 'No worker of the studio is running.' };
    return { ...nothing, state: 'missing', reason: this.#noWorkers(idOrAuto).message };
  }

  /** Waits for a worker that has the model. */
  async prepare(idOrAuto: string, { signal }: PullOptions = {}): Promise<ModelStatus> {
    while (!this.#closed) {
      signal?.throwIfAborted();
      const status = await this.status(idOrAuto);
      if (status.state === 'ready') return status;
      await pause(READ_EVERY / 4, signal);
    }
    throw new AppError('SHUTTING_DOWN');
  }

  /** Workers have their models before they announce themselves. */
  async prepareViews(_refine: Refine): Promise<void> {}

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#reading);
    await this.#dispatcher.close();
    this.#link.close();
  }

  /** What `auto` is was configured here, or is left to the workers. */
  #nameModel(model: string): string {
    return model === 'auto' ? this.#config.model : model;
  }

  #candidates(asked: string): WorkerInfo[] {
    const model = this.#nameModel(asked);
    const { device } = this.#config;
    return this.#workers.filter(
      ({ version, provider, models, draining }) =>
        !draining &&
        version === this.#version &&
        (model === 'auto' || models.includes(model)) &&
        (device === 'auto' || (device === 'gpu' ? provider !== 'cpu' : provider === device)),
    );
  }

  /**
   * The queue of the workers that have most models; then those with a graphics card; then those with the least to do.
   * @throws {AppError} NO_WORKERS
   */
  async #choosePool(model: string, signal: AbortSignal): Promise<string> {
    for (const began = performance.now(); ; ) {
      const found = this.#candidates(model);
      const pools = [...new Set(found.map(({ pool }) => pool))].map((name) => {
        const members = found.filter(({ pool }) => pool === name);
        const { models, provider } = members[0]!;
        const load = this.#dispatcher.pendingIn(name) / members.length;
        return { name, models: models.length, onGpu: provider === 'cpu' ? 0 : 1, load };
      });
      const best = pools.sort((a, b) => b.models - a.models || b.onGpu - a.onGpu || a.load - b.load)[0];
      if (best) return best.name;
      if (performance.now() - began > this.#workerWithin)
        throw this.#link.isReachable ? this.#noWorkers(model) : new AppError('QUEUE_UNREACHABLE');
      await pause(READ_EVERY / 4, signal);
    }
  }

  #noWorkers(model: string): AppError {
    const others = this.#workers.filter(({ draining }) => !draining);
    if (others.length === 0) return new AppError('NO_WORKERS');
    if (others.every(({ version }) => version !== this.#version)) {
      const versions = [...new Set(others.map(({ version }) => version))].join(', ');
      return new AppError(
        'NO_WORKERS',
        `The studio's workers have version ${versions}, and this server ${this.#version}.`,
      );
    }
    return new AppError('NO_WORKERS', `No worker of the studio has the model "${model}" on the wanted device.`);
  }

  /** Kept mattes are where they were made, and are gone with that worker. @throws {AppError} MATTE_GONE */
  #askKeeper(matte: string, ask: Ask, signal = new AbortController().signal): Promise<unknown> {
    const id = keeperOf(matte);
    const find = () => this.#workers.find((worker) => worker.id === id && worker.version === this.#version);
    const errand: Errand = {
      ask: () => ask,
      picture: null,
      client: '',
      takesTurn: false,
      choose: async () => {
        if (!find()) await this.#read();
        const keeper = find();
        if (!keeper) throw new AppError('MATTE_GONE');
        return namePersonal(this.#link.sealer.mark, keeper.version, keeper.id);
      },
      isServed: () => find() !== undefined,
    };
    return this.#dispatcher.run(errand, signal);
  }

  async #read(): Promise<void> {
    if (!this.#link.isReachable || this.#closed) return;
    try {
      this.#workers = await this.#roll.list();
      if (this.#workers.some(({ draining }) => !draining)) this.#seen = performance.now();
    } catch {
      // The next reading comes soon; outages are logged by the link.
    }
  }
}

/** `<worker>.<id>`: the worker that keeps a matte. */
export function keeperOf(matte: string): string {
  return matte.split('.', 1)[0]!;
}

/** `2 GPUs`, `1 GPU, 1 CPU`. */
function countDevices(workers: readonly WorkerInfo[]): string {
  const cpus = workers.filter(({ provider }) => provider === 'cpu').length;
  const count = (n: number, noun: string) => (n === 0 ? [] : [`${n} ${noun}${n === 1 ? '' : 's'}`]);
  return [...count(workers.length - cpus, 'GPU'), ...count(cpus, 'CPU')].join(', ');
}

/** A second try starts from zero; reported progress must not go back. */
function neverBack(onProgress: ((fraction: number) => void) | undefined): ((fraction: number) => void) | undefined {
  let most = 0;
  return (
    onProgress &&
    ((fraction) => {
      if (fraction <= most) return;
      most = fraction;
      onProgress(fraction);
    })
  );
}

/** @throws the signal's reason */
function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
