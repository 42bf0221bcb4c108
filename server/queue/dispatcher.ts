import { randomUUID } from 'node:crypto';
import os from 'node:os';
import { WHOLE_BYTES } from '../engine/encode-answer.ts';
import type { Answer } from '../engine/engine.ts';
import { unpackError } from '../engine/wire/messages.ts';
import { AppError } from '../errors.ts';
import type { Place } from './chunks.ts';
import { explainFailure, explainFault, LOST } from './faults.ts';
import { Line } from './line.ts';
import type { Link } from './link.ts';
import { type Ask, LIFE, type Order, type Outcome, orderName, outcomeName } from './orders.ts';
import { ChunksGone, type Sent } from './transfer.ts';
import { FairTurns } from './turns.ts';

/** Milliseconds: sign of life of this server, and how long it lasts. */
const BEAT_EVERY = 10_000;
const BEAT_LASTS = 60_000;

/** Milliseconds between two looks at the queue, and without news of a job until it is looked for all the same. */
const LOOK_EVERY = 1_000;
const NEWS_WITHIN = 30_000;

/** Milliseconds without the queue until what waits for it is given up. */
const GIVE_UP_AFTER = 60_000;

/** Milliseconds that an ended job is remembered: Redis writes its file every second, and on a busy disk every few. */
const REMEMBERED = 10_000;

/** Milliseconds after a worker or the queue was lost, at which is looked for what they left. */
const SWEEP_AFTER = [2_000, 30_000];

/** A queue that loses a picture so often is no queue. */
const MAX_TRIES = 10;

/** Milliseconds that a worker may take to see that a job is cancelled. */
const CANCEL_LASTS = 10 * 60_000;

/** What is to be done, and where. */
export interface Errand {
  /** @param picture where the picture lies, if there is one */
  ask(picture: Sent): Ask;
  picture: Buffer | null;
  client: string;
  /** The queue to put it into. Asked again when that did not work. @throws {AppError} when there is none */
  choose(): Promise<string>;
  /** Whether workers take from that queue at the moment. */
  isServed(queue: string): boolean;
  /** Pictures take turns; edge controls do not wait for them. */
  takesTurn: boolean;
}

/** Lost: it has to be put into the queue again. */
type Ending = Outcome | 'lost';

/** A job that has ended. */
interface Left {
  readonly line: Line;
  readonly picture: Place;
  readonly chunks: number;
  readonly outcome: Ending | null;
  readonly at: number;
}

interface Job {
  readonly id: string;
  readonly line: Line;
  readonly errand: Errand;
  readonly client: string;
  readonly onProgress: ((fraction: number) => void) | undefined;
  state: 'sending' | 'waiting' | 'active';
  /** Turns ahead of it, as of the last look. */
  ahead: number;
  /** When it was last heard of. */
  news: number;
  end(ending: Ending): void;
  fail(error: Error): void;
}

/**
 * A server's side of the queue: puts jobs in, hears what becomes of them, and looks for those that it hears nothing of.
 * Each job is awaited by one caller, under an id that is never used again, so an answer counts once however often the
 * work was done.
 */
export class Dispatcher {
  /** Begins the id of every job of this server. */
  readonly #server = randomUUID().slice(0, 8);
  readonly #link: Link;
  readonly #turns: FairTurns;
  readonly #maxWaiting: number;
  readonly #jobs = new Map<string, Job>();
  readonly #lines = new Map<string, Line>();
  /** Jobs that ended of late. */
  readonly #left: Left[] = [];
  /** Jobs whose result is being read. */
  readonly #streams = new Set<string>();
  #sweeps: NodeJS.Timeout[] = [];
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(link: Link, { maxWaiting }: { maxWaiting: number }) {
    this.#link = link;
    this.#turns = new FairTurns(link);
    this.#maxWaiting = maxWaiting;
    const beat = () => void this.#beat();
    link.redis.on('ready', () => {
      beat();
      for (const job of this.#jobs.values()) job.news = Number.NEGATIVE_INFINITY;
      const since = performance.now() - REMEMBERED - link.silence;
      for (const job of this.#left) if (job.at > since) void this.#tidy(job, false);
      this.#sweep();
    });
    if (link.redis.status === 'ready') beat();
    this.#timers = [setInterval(beat, BEAT_EVERY).unref(), setInterval(() => void this.#look(), LOOK_EVERY).unref()];
  }

  get pending(): number {
    return this.#jobs.size;
  }

  /** Of this server's jobs in a queue. */
  pendingIn(queue: string): number {
    return [...this.#jobs.values()].filter(({ line }) => line.name === queue).length;
  }

  /** Queue position of the client's next picture among those of all servers, from 1; null when none waits. */
  placeOf(client: string): number | null {
    const own = [...this.#jobs.values()].filter((job) => job.client === client && job.errand.takesTurn);
    if (own.length === 0 || own.some(({ state }) => state === 'active')) return null;
    return (own.find(({ state }) => state === 'waiting')?.ahead ?? 0) + 1;
  }

  /**
   * @returns the worker's answer, or the value that it found
   * @throws {AppError} what the worker failed with, QUEUE_FULL, QUEUE_UNREACHABLE, QUEUE_TAMPERED, INFERENCE_FAILED when
   * each worker ended that was given the job; the signal's reason
   */
  async run(errand: Errand, signal: AbortSignal, onProgress?: (fraction: number) => void): Promise<Answer | unknown> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      signal.throwIfAborted();
      const queue = await errand.choose();
      const ended = await this.#try(errand, queue, signal, onProgress);
      if (ended !== 'lost') return ended.value;
    }
    throw new AppError('QUEUE_UNREACHABLE', 'The queue of the studio has lost this picture again and again.');
  }

  async close(): Promise<void> {
    for (const timer of [...this.#timers, ...this.#sweeps]) clearTimeout(timer);
    for (const job of this.#jobs.values()) job.fail(new AppError('SHUTTING_DOWN'));
    if (this.#link.isReachable) await this.#link.redis.del(this.#beatKey).catch(() => undefined);
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
  }

  async #try(
    errand: Errand,
    queue: string,
    signal: AbortSignal,
    onProgress: ((fraction: number) => void) | undefined,
  ): Promise<{ value: Answer | unknown } | 'lost'> {
    const line = this.#line(queue);
    const id = `${this.#server}.${randomUUID()}`;
    const picture: Place = { job: id, side: 'in' };
    let chunks = 0;
    let outcome: Ending | null = null;
    const stopping = new AbortController();
    // Commands to a queue that is away never end, so each step is given up with the job.
    const ended = new Promise<Ending>((resolve, reject) => {
      const fail = (error: Error) => {
        stopping.abort(error);
        reject(error);
      };
      const news = performance.now();
      const job = { id, line, errand, onProgress, news, client: errand.client, state: 'sending', ahead: 0 } as const;
      this.#jobs.set(id, { ...job, end: resolve, fail });
    });
    ended.catch(() => undefined);
    const cancel = () => this.#jobs.get(id)?.fail(signal.reason as Error);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    const step = <T>(work: Promise<T>): Promise<T> => {
      work.catch(() => undefined);
      return Promise.race([work, ended.then(() => work)]);
    };
    try {
      await step(line.ready());
      const note = (count: number) => {
        chunks = count;
      };
      const { transfer } = this.#link;
      const sending = { signal: stopping.signal, onChunk: note };
      const sent = errand.picture && (await step(transfer.send(picture, errand.picture, LIFE, sending)));
      const order: Order = {
        ask: errand.ask(sent ?? { chunks: 0, bytes: 0 }),
        server: this.#server,
        client: nameClient(errand),
        until: Date.now() + LIFE,
      };
      const add = async () => {
        stopping.signal.throwIfAborted();
        const take = () => this.#turns.take(queue, line.waitingKey, nameClient(errand), this.#maxWaiting);
        const priority = errand.takesTurn ? await take() : 0;
        stopping.signal.throwIfAborted();
        if (priority === null) throw new AppError('QUEUE_FULL', 'The queue of the studio is full.');
        await line.add(id, this.#link.sealer.sealValue(id, orderName(queue), order), priority);
      };
      // One after the other: a turn is counted from those that are in the queue.
      await step(line.exclusive(add));
      const job = this.#jobs.get(id)!;
      if (job.state === 'sending') job.state = 'waiting';
      outcome = await ended;
      return await this.#conclude(outcome, id, stopping.signal);
    } catch (error) {
      stopping.signal.throwIfAborted();
      throw explainFault(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#jobs.delete(id);
      this.#leave({ line, picture, chunks, outcome, at: performance.now() });
    }
  }

  async #conclude(ending: Ending, id: string, signal: AbortSignal): Promise<{ value: Answer | unknown } | 'lost'> {
    if (ending === 'lost') return 'lost';
    if (ending.kind === 'failed') throw unpackError(ending.error);
    if (ending.kind === 'value') return { value: ending.value };
    const { head, attempt, result } = ending;
    const place = { job: id, side: `out-${attempt}` };
    const { transfer } = this.#link;
    const drop = () => void transfer.drop(place, result.chunks).catch(() => undefined);
    if (result.bytes > WHOLE_BYTES) {
      this.#streams.add(id);
      const end = () => {
        this.#streams.delete(id);
        drop();
      };
      return { value: { ...head, body: transfer.stream(place, result, end) } };
    }
    try {
      return { value: { ...head, body: await transfer.receive(place, result, signal) } };
    } catch (error) {
      if (error instanceof ChunksGone) return 'lost';
      throw error;
    } finally {
      drop();
    }
  }

  #leave(job: Left): void {
    this.#left.push(job);
    while (this.#left[0]!.at < job.at - REMEMBERED) this.#left.shift();
    void this.#tidy(job, job.outcome !== null && job.outcome !== 'lost');
  }

  /**
   * Workers that were killed leave chunks, and a queue that was killed may have forgotten the last second, and have again
   * what was deleted then.
   */
  #sweep(): void {
    const isOver = (job: string) => !this.#jobs.has(job) && !this.#streams.has(job);
    const sweep = () => void this.#link.transfer.sweep(this.#server, isOver).catch(() => undefined);
    // A worker that was only slow cleans up behind itself.
    for (const timer of this.#sweeps) clearTimeout(timer);
    this.#sweeps = SWEEP_AFTER.map((milliseconds) => setTimeout(sweep, milliseconds).unref());
  }

  /** Leaves nothing of a job in the queue; a queue that is away does it when it is back. */
  async #tidy({ line, picture, chunks }: Left, isOver: boolean): Promise<void> {
    const { redis, transfer } = this.#link;
    const cancel = async () => {
      const isGone = await line.remove(picture.job);
      if (!isGone && !isOver) await redis.set(this.#cancelKey(picture.job), '1', 'PX', CANCEL_LASTS);
      if (this.#jobs.size === 0) await this.#turns.tidy(line.name, line.waitingKey);
    };
    await Promise.allSettled([transfer.drop(picture, chunks), cancel()]);
  }

  #line(queue: string): Line {
    let line = this.#lines.get(queue);
    if (!line) {
      line = new Line(this.#link, queue, {
        onActive: (id) => this.#note(id, (job) => (job.state = 'active')),
        onStalled: (id) => {
          if (id.startsWith(`${this.#server}.`)) this.#sweep();
        },
        onProgress: (id, fraction) =>
          this.#note(id, (job) => {
            if (typeof fraction === 'number' && fraction >= 0 && fraction <= 1) job.onProgress?.(fraction);
          }),
        onCompleted: (id, outcome) => this.#complete(queue, id, outcome),
        onFailed: (id, reason) => {
          this.#note(id, (job) => endFailed(job, reason));
          if (!this.#jobs.has(id)) void this.#discard(queue, id, null);
        },
      });
      this.#lines.set(queue, line);
    }
    return line;
  }

  #note(id: string, act: (job: Job) => void): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.news = performance.now();
    act(job);
  }

  #complete(queue: string, id: string, sealed: unknown): void {
    const job = this.#jobs.get(id);
    if (!job) return void this.#discard(queue, id, sealed);
    try {
      job.end(this.#link.sealer.openValue<Outcome>(id, outcomeName(queue), sealed));
    } catch (error) {
      job.fail(explainFault(error));
    }
  }

  /** The result of a job of this server that is no longer awaited: it was cancelled, or put in again. */
  async #discard(queue: string, id: string, sealed: unknown): Promise<void> {
    const line = this.#lines.get(queue);
    if (!line || !id.startsWith(`${this.#server}.`)) return;
    await Promise.allSettled([line.remove(id), this.#link.redis.del(this.#cancelKey(id))]);
    try {
      const outcome = this.#link.sealer.openValue<Outcome>(id, outcomeName(queue), sealed);
      if (outcome.kind !== 'answer') return;
      await this.#link.transfer.drop({ job: id, side: `out-${outcome.attempt}` }, outcome.result.chunks);
    } catch {
      // Chunks expire.
    }
  }

  #cancelKey(id: string): string {
    return this.#link.key(`cancel:${id}`);
  }

  get #beatKey(): string {
    return this.#link.key(`server:${this.#server}`);
  }

  async #beat(): Promise<void> {
    if (!this.#link.isReachable) return;
    await this.#link.redis.set(this.#beatKey, '1', 'PX', BEAT_LASTS).catch(() => undefined);
  }

  async #look(): Promise<void> {
    if (this.#link.silence > GIVE_UP_AFTER)
      for (const job of this.#jobs.values()) job.fail(new AppError('QUEUE_UNREACHABLE'));
    if (!this.#link.isReachable) return;
    const jobs = [...this.#jobs.values()];
    // The first one of each client: a client may have thousands.
    const first = new Map<string, Job>();
    for (const job of jobs) if (job.state === 'waiting' && !first.has(job.client)) first.set(job.client, job);
    await Promise.allSettled([...first.values()].map((job) => this.#findPlace(job)));
    const silent = jobs.filter(
      ({ state, news, line, errand }) =>
        state !== 'sending' && (performance.now() - news > NEWS_WITHIN || !errand.isServed(line.name)),
    );
    await Promise.allSettled(silent.map((job) => this.#find(job)));
  }

  async #findPlace(job: Job): Promise<void> {
    const rank = await this.#link.redis.zrank(job.line.waitingKey, job.id);
    if (rank !== null) job.ahead = rank;
  }

  /** Events are lost with a connection, and jobs with a queue that forgets. */
  async #find(job: Job): Promise<void> {
    const { id, line, errand } = job;
    const state = await line.state(id);
    if (!this.#jobs.has(id)) return;
    job.news = performance.now();
    if (state === 'unknown') job.end('lost');
    else if (state === 'completed') this.#complete(line.name, id, (await line.find(id))?.returnvalue);
    else if (state === 'failed') endFailed(job, (await line.find(id))?.failedReason ?? '');
    else if (state !== 'active' && !errand.isServed(line.name)) job.end('lost');
    else job.state = state === 'active' ? 'active' : 'waiting';
  }
}

/** Programs of two seats may call themselves the same. */
function nameClient({ client }: Errand): string {
  return `${os.hostname()} ${client}`;
}

function endFailed(job: Job, reason: string): void {
  if (reason === LOST) job.end('lost');
  else job.fail(explainFailure(reason));
}
