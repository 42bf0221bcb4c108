import { randomUUID } from 'node:crypto';
import type { JobInfo, JobState } from '../../protocol/schemas/job.ts';
import type { Answer, WorkOptions } from '../engine/engine.ts';
import { AppError } from '../errors.ts';
import { collectAnswer, type KeptAnswer } from './kept-answer.ts';
import type { Runner, RunOptions } from './runner.ts';
import type { Turn } from './turns.ts';

export interface JobLimits {
  /** Known jobs, in any state. */
  maxJobs: number;
  /** Bytes of results kept at a time. */
  maxBytes: number;
  /** Milliseconds after its end that a job is forgotten. */
  keepFor: number;
}

export interface Submission {
  client: string;
  work: (options: WorkOptions) => Promise<Answer>;
  /** Called once, when the work has really ended. */
  release: () => void;
  onFailure?: (failure: AppError) => void;
}

interface Job {
  readonly id: string;
  readonly stopping: AbortController;
  state: JobState;
  progress: number;
  turn: Turn | null;
  began: number | null;
  answer: KeptAnswer | null;
  failure: AppError | null;
  /** Whether its result has been delivered. */
  fetched: boolean;
  timer: NodeJS.Timeout | null;
}

/**
 * Work that outlives its request. Each job ends once: done, failed or cancelled; then it is kept for a while, in memory
 * only, limited by number and bytes. Ids are unguessable.
 */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #runner: Runner;
  readonly #limits: JobLimits;
  #bytes = 0;
  #stopped = false;

  constructor(runner: Runner, limits: JobLimits) {
    this.#runner = runner;
    this.#limits = limits;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Bytes of kept results. */
  get bytes(): number {
    return this.#bytes;
  }

  get waiting(): number {
    return this.#runner.turns.waiting;
  }

  get running(): number {
    return this.#runner.turns.running;
  }

  /** Queue position of the client's next picture, from 1; null when none is waiting. */
  placeOf(client: string): number | null {
    return this.#runner.turns.placeOf(client);
  }

  /** Work of an open request, in the same queue as the jobs. */
  run<T>(work: (options: WorkOptions) => Promise<T>, options: RunOptions): Promise<T> {
    return this.#runner.run(work, options);
  }

  /**
   * @returns its id, and a promise that settles when the job has ended
   * @throws {AppError} QUEUE_FULL while unfetched results leave no room for another, SHUTTING_DOWN
   */
  submit({ client, work, release, onFailure }: Submission): { id: string; ended: Promise<void> } {
    if (this.#stopped) throw new AppError('SHUTTING_DOWN');
    this.#makeRoom(1, 1, { onlyHarmless: true });
    if (this.#jobs.size >= this.#limits.maxJobs || this.#bytes >= this.#limits.maxBytes)
      throw new AppError('QUEUE_FULL', 'Results of earlier pictures are waiting to be fetched.');
    const id = randomUUID();
    const stopping = new AbortController();
    let finished = () => {};
    const ended = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const job: Job = {
      id,
      stopping,
      state: 'queued',
      progress: 0,
      turn: null,
      began: null,
      answer: null,
      failure: null,
      fetched: false,
      timer: null,
    };
    this.#jobs.set(id, job);
    stopping.signal.addEventListener('abort', finished);
    void this.#work(job, client, work, onFailure).finally(() => {
      finished();
      release();
    });
    return { id, ended };
  }

  /** @throws {AppError} JOB_GONE */
  describe(id: string): JobInfo {
    const job = this.#find(id);
    const { state, progress, turn, failure } = job;
    return {
      id,
      state,
      progress: state === 'done' ? 1 : Math.floor(progress * 100) / 100,
      ahead: state === 'queued' ? (turn?.ahead ?? 0) : 0,
      estimate: this.#estimate(job),
      error: failure ? failure.toBody().error : null,
      result: state === 'done' ? `/v1/jobs/${id}/result` : null,
    };
  }

  /**
   * The answer of a job that is done; the failure of one that is not.
   * @throws {AppError} JOB_GONE, JOB_PENDING, CANCELLED, and what the job failed with
   */
  result(id: string): KeptAnswer {
    const { state, answer, failure } = this.#find(id);
    if (failure) throw failure;
    if (state === 'cancelled') throw new AppError('CANCELLED');
    if (!answer) throw new AppError('JOB_PENDING');
    return answer;
  }

  /** The result was delivered: it is evicted before undelivered ones. */
  markFetched(id: string): void {
    const job = this.#jobs.get(id);
    if (job) job.fetched = true;
  }

  /**
   * Stops a job at its next safe point; forgets one that has ended.
   * @throws {AppError} JOB_GONE
   */
  remove(id: string): void {
    const job = this.#find(id);
    if (isActive(job)) this.#end(job, 'cancelled', { reason: new AppError('CANCELLED') });
    else this.#forget(job);
  }

  /** Cancels and forgets a job without a client, if it still exists. */
  abandon(id: string): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    if (isActive(job)) this.remove(id);
    this.#forget(job);
  }

  /** Fails unfinished jobs with SHUTTING_DOWN, because their results could no longer be fetched. */
  stop(): void {
    this.#stopped = true;
    for (const job of this.#jobs.values()) {
      const failure = new AppError('SHUTTING_DOWN');
      if (isActive(job)) this.#end(job, 'failed', { failure, reason: failure });
    }
  }

  close(): void {
    this.stop();
    for (const job of this.#jobs.values()) this.#forget(job);
  }

  async #work(job: Job, client: string, work: Submission['work'], onFailure: Submission['onFailure']): Promise<void> {
    const { signal } = job.stopping;
    const options = {
      client,
      signal,
      onPlace: (turn: Turn) => {
        job.turn = turn;
        turn.begun.then(
          () => this.#begin(job),
          () => undefined,
        );
      },
      onProgress: (fraction: number) => {
        job.progress = Math.max(job.progress, fraction);
      },
    };
    try {
      const collected = (all: WorkOptions) => work(all).then((answer) => collectAnswer(answer, this.#limits.maxBytes));
      const answer = await this.#runner.run(collected, options);
      if (isActive(job)) this.#end(job, 'done', { answer });
    } catch (error) {
      const failure = error instanceof AppError ? error : new AppError('INTERNAL', undefined, { cause: error });
      if (!isActive(job)) return;
      this.#end(job, 'failed', { failure });
      onFailure?.(failure);
    }
  }

  #begin(job: Job): void {
    if (job.state !== 'queued') return;
    job.state = 'running';
    job.began = performance.now();
  }

  #end(job: Job, state: JobState, outcome: { answer?: KeptAnswer; failure?: AppError; reason?: AppError }): void {
    const { answer = null, failure = null, reason } = outcome;
    if (answer) this.#makeRoom(0, answer.body.byteLength, { onlyHarmless: false });
    job.state = state;
    job.answer = answer;
    job.failure = failure;
    job.turn = null;
    this.#bytes += answer?.body.byteLength ?? 0;
    job.timer = setTimeout(() => this.#forget(job), this.#limits.keepFor).unref();
    // Last in line of those that are kept.
    this.#jobs.delete(job.id);
    this.#jobs.set(job.id, job);
    if (reason) job.stopping.abort(reason);
  }

  #forget(job: Job): void {
    if (job.timer) clearTimeout(job.timer);
    if (!this.#jobs.delete(job.id)) return;
    this.#bytes -= job.answer?.body.byteLength ?? 0;
    job.answer = null;
  }

  /** Evicts jobs until the new one fits: delivered and failed ones first, each group in the order they ended. */
  #makeRoom(jobs: number, bytes: number, { onlyHarmless }: { onlyHarmless: boolean }): void {
    const ended = [...this.#jobs.values()].filter((job) => !isActive(job));
    const harmless = ended.filter((job) => job.state !== 'done' || job.fetched);
    for (const job of onlyHarmless ? harmless : new Set([...harmless, ...ended])) {
      const fits = this.#jobs.size + jobs <= this.#limits.maxJobs && this.#bytes + bytes <= this.#limits.maxBytes;
      if (fits) return;
      this.#forget(job);
    }
  }

  #find(id: string): Job {
    const job = this.#jobs.get(id);
    if (!job) throw new AppError('JOB_GONE');
    return job;
  }

  /** Seconds until a job's end, or null where nothing is known. */
  #estimate({ state, turn, progress, began }: Job): number | null {
    if (state === 'queued') return toTenths(this.#runner.secondsFor(turn?.ahead ?? 0));
    if (state !== 'running' || began === null) return null;
    const gone = (performance.now() - began) / 1000;
    if (progress > 0) return toTenths((gone * (1 - progress)) / progress);
    const usual = this.#runner.usualSeconds;
    return toTenths(usual === null ? null : Math.max(0, usual - gone));
  }
}

function isActive({ state }: Job): boolean {
  return state === 'queued' || state === 'running';
}

function toTenths(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 10) / 10;
}
