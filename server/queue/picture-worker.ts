import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import { HEADERS } from '../../protocol/matte.ts';
import type { Answer, Engine } from '../engine/engine.ts';
import { packError } from '../engine/wire/messages.ts';
import { AppError } from '../errors.ts';
import { VERSION } from '../system/package-root.ts';
import { explainFault, LOST, TAMPERED } from './faults.ts';
import type { Link, LinkLog } from './link.ts';
import { LIFE, type Order, type Outcome, orderName, outcomeName, type SealedOrder } from './orders.ts';
import { namePersonal, namePool, type PoolTraits } from './pool-name.ts';
import { ANNOUNCE_EVERY, Roll, type WorkerInfo } from './roll.ts';
import { SealError } from './seal.ts';
import { ChunksGone } from './transfer.ts';

/** Milliseconds after which another worker takes over from one that has not been heard of, at most twice this. */
const LOCK = 10_000;
const LOOK_FOR_STALLED = 4_000;

/** A picture whose workers end so often is not tried again. */
const MAX_TAKEOVERS = 3;

/** Edge controls worked on at a time, beside pictures. */
const EDGES_AT_ONCE = 4;

/** Milliseconds between two looks whether jobs are still wanted. */
const LOOK_EVERY = 250;

/** Milliseconds without a sign of life of the server until its jobs are dropped. */
const SERVER_SILENT = 30_000;

/** Progress is told in steps of this size. */
const STEP = 0.05;

/** How many of the last durations are remembered. */
const REMEMBERED = 16;

export interface PictureWorkerOptions {
  traits: Omit<PoolTraits, 'version'>;
  label: string;
  concurrency: number;
  /** Milliseconds of work per picture. */
  maxJobTime: number;
  version?: string;
  /** Milliseconds, for tests. */
  lock?: number;
  log?: LinkLog;
  /** Called when "hairline cluster drain" asks for it. */
  onDrain?: () => void;
}

interface Running {
  readonly server: string;
  readonly stopping: AbortController;
  /** When its server was last heard of. */
  heard: number;
}

/** Takes pictures from the queue and lets an engine work on them. */
export class PictureWorker {
  readonly id = randomBytes(5).toString('hex');
  readonly #link: Link;
  readonly #engine: Engine;
  readonly #options: PictureWorkerOptions;
  readonly #version: string;
  readonly #roll: Roll;
  /** The queue for each accepted secret. */
  readonly #pools: ReadonlyMap<string, string>;
  readonly #workers: Worker<SealedOrder, string>[] = [];
  readonly #running = new Map<string, Running>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #startedAt = Date.now();
  readonly #durations: number[] = [];
  #done = 0;
  #failed = 0;
  #draining = false;

  constructor(link: Link, engine: Engine, options: PictureWorkerOptions) {
    const { traits, version = VERSION } = options;
    this.#link = link;
    this.#engine = engine;
    this.#options = options;
    this.#version = version;
    this.#roll = new Roll(link);
    this.#pools = new Map(link.sealer.marks.map((mark) => [mark, namePool(mark, { ...traits, version })]));
  }

  get info(): WorkerInfo {
    const { traits, label, concurrency } = this.#options;
    const { length } = this.#durations;
    return {
      id: this.id,
      host: os.hostname(),
      pid: process.pid,
      version: this.#version,
      pool: '',
      provider: traits.provider,
      label,
      models: traits.models.map(([id]) => id),
      auto: traits.auto,
      concurrency,
      running: this.#running.size,
      done: this.#done,
      failed: this.#failed,
      seconds: length === 0 ? null : this.#durations.reduce((sum, seconds) => sum + seconds, 0) / length,
      startedAt: this.#startedAt,
      draining: this.#draining,
    };
  }

  /** Settles when it takes pictures. */
  async start(): Promise<void> {
    for (const [mark, pool] of this.#pools) {
      this.#work(pool, this.#options.concurrency);
      this.#work(namePersonal(mark, this.#version, this.id), EDGES_AT_ONCE);
    }
    await Promise.all(this.#workers.map((worker) => worker.waitUntilReady()));
    await this.#announce();
    this.#timers.push(
      setInterval(() => void this.#announce(), ANNOUNCE_EVERY).unref(),
      setInterval(() => void this.#look(), LOOK_EVERY).unref(),
    );
  }

  /** Takes no more pictures, finishes those in progress, and leaves. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    await this.#announce();
    await Promise.all(this.#workers.map((worker) => worker.close()));
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#link.isReachable) await this.#roll.leave(this.id).catch(() => undefined);
  }

  #work(queue: string, concurrency: number): void {
    const { lock = LOCK, log } = this.#options;
    const worker: Worker<SealedOrder, string> = new Worker<SealedOrder, string>(
      queue,
      // BullMQ passes a signal to functions with three parameters.
      (job, _token, signal) => this.#process(queue, job, signal!),
      {
        connection: this.#link.redis,
        prefix: this.#link.queuePrefix,
        concurrency,
        lockDuration: lock,
        stalledInterval: Math.min(LOOK_FOR_STALLED, lock),
        maxStalledCount: MAX_TAKEOVERS,
        name: this.id,
      },
    );
    // Outages are logged by the link; a job that another worker has taken over ends with "Missing lock".
    worker.on('error', (error) => {
      if (this.#link.isReachable) log?.('warn', { err: error }, 'the queue reports an error');
    });
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id, 'Another worker may have taken over.');
    });
    this.#workers.push(worker);
  }

  async #process(queue: string, job: Job<SealedOrder, string>, taken: AbortSignal): Promise<string> {
    const id = job.id!;
    const order = this.#open(queue, id, job.data);
    const stopping = new AbortController();
    const running = { server: order.server, stopping, heard: performance.now() };
    const late = setTimeout(() => stopping.abort(new AppError('DEADLINE_PASSED')), this.#options.maxJobTime);
    const leave = () => stopping.abort(new AppError('CANCELLED'));
    taken.addEventListener('abort', leave, { once: true });
    this.#running.set(id, running);
    const began = performance.now();
    let outcome: Outcome;
    try {
      outcome = await this.#perform(job, order, stopping.signal);
      if (order.ask.kind === 'matte') this.#remember((performance.now() - began) / 1000);
    } catch (thrown) {
      if (thrown instanceof SealError) throw new UnrecoverableError(TAMPERED);
      if (thrown instanceof ChunksGone) throw new UnrecoverableError(LOST);
      if (order.ask.kind === 'matte' && !stopping.signal.aborted) this.#failed++;
      outcome = {
        kind: 'failed',
        error: packError(stopping.signal.aborted ? stopping.signal.reason : explainFault(thrown)),
      };
    } finally {
      clearTimeout(late);
      taken.removeEventListener('abort', leave);
      this.#running.delete(id);
    }
    return this.#link.sealer.sealValue(id, outcomeName(queue), outcome);
  }

  #open(queue: string, id: string, data: SealedOrder): Order {
    let order: Order;
    try {
      order = this.#link.sealer.openValue<Order>(id, orderName(queue), data.order);
    } catch {
      this.#options.log?.('warn', { job: id }, 'a job was refused: it was not sealed by this cluster');
      throw new UnrecoverableError(TAMPERED);
    }
    // Also an order that was replayed later.
    if (order.until < Date.now()) throw new UnrecoverableError(LOST);
    return order;
  }

  async #perform(job: Job<SealedOrder, string>, { ask }: Order, signal: AbortSignal): Promise<Outcome> {
    if (ask.kind === 'weigh-edge') return { kind: 'value', value: await this.#engine.weighEdge(own(ask.task)) };
    if (ask.kind === 'forget') return { kind: 'value', value: await this.#engine.forget(ownId(ask.matte)) };
    if (ask.kind === 'edge') return this.#deliver(job.id!, await this.#engine.edge(own(ask.task), { signal }), signal);
    const picture = await this.#link.transfer.receive({ job: job.id!, side: 'in' }, ask.picture, signal);
    const onProgress = this.#tellProgress(job);
    return this.#deliver(job.id!, await this.#engine.matte(ask.task, picture, { signal, onProgress }), signal);
  }

  /** Each attempt has a place of its own: one that comes late overwrites nothing. */
  async #deliver(id: string, { body, ...head }: Answer, signal: AbortSignal): Promise<Outcome> {
    const attempt = randomBytes(6).toString('hex');
    const place = { job: id, side: `out-${attempt}` };
    let chunks = 0;
    const onChunk = (count: number) => {
      chunks = count;
    };
    try {
      const result = await this.#link.transfer.send(place, body, LIFE, { signal, onChunk });
      signal.throwIfAborted();
      const made = head.headers[HEADERS.matteId];
      const headers = { ...head.headers, ...(made && { [HEADERS.matteId]: `${this.id}.${keptId(String(made))}` }) };
      return { kind: 'answer', head: { ...head, headers }, attempt, result };
    } catch (error) {
      await this.#link.transfer.drop(place, chunks).catch(() => undefined);
      throw error;
    }
  }

  #tellProgress(job: Job<SealedOrder, string>): (fraction: number) => void {
    let told = 0;
    return (fraction) => {
      if (fraction < told + STEP) return;
      told = fraction;
      job.updateProgress(fraction).catch(() => undefined);
    };
  }

  async #announce(): Promise<void> {
    if (!this.#link.isReachable) return;
    await this.#roll.announce(this.info, this.#pools).catch(() => undefined);
    if (await this.#roll.isAskedToLeave(this.id)) this.#options.onDrain?.();
  }

  /** Cancelled jobs and those of servers that have ended stop at their next safe point. */
  async #look(): Promise<void> {
    const jobs = [...this.#running];
    if (jobs.length === 0 || !this.#link.isReachable) return;
    const keys = jobs.flatMap(([id, { server }]) => [
      this.#link.key(`cancel:${id}`),
      this.#link.key(`server:${server}`),
    ]);
    const found = await this.#link.redis.mget(keys).catch(() => null);
    if (!found) return;
    jobs.forEach(([, job], i) => {
      if (found[2 * i + 1] !== null) job.heard = performance.now();
      const isAlone = performance.now() - job.heard > SERVER_SILENT;
      if (found[2 * i] !== null || isAlone) job.stopping.abort(new AppError('CANCELLED'));
    });
  }

  #remember(seconds: number): void {
    this.#done++;
    this.#durations.push(seconds);
    if (this.#durations.length > REMEMBERED) this.#durations.shift();
  }
}

/** Mattes are known by `<worker>.<id>` outside. */
const ownId = (matte: string) => matte.slice(matte.indexOf('.') + 1);
const keptId = (id: string) => id.slice(id.indexOf('.') + 1);
const own = <T extends { id: string }>(task: T): T => ({ ...task, id: ownId(task.id) });
