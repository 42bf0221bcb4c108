import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { LoadState } from '../matting/model-status.ts';
import type { Usage } from './engine.ts';
import { SharedLock } from './shared-lock.ts';
import type { EngineSettings } from './wire/messages.ts';
import { type ProcessOptions, WorkerDied, WorkerProcess } from './worker-process.ts';

/** Milliseconds before the second start without success in between; doubled for each further one. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/** After this many fruitless lives in a row, requests fail instead of waiting. */
const HOPELESS = 5;

/** A child whose memory exceeds the limit by this factor is replaced without waiting for idle time. */
const OVERDUE = 1.5;

/** Idle milliseconds before a child is replaced because of its memory. */
const REST = 2_000;

/** Milliseconds that slow readers of streamed answers get before that. */
const DRAIN_WITHIN = 30_000;

/** Milliseconds after which a child moved to the CPU after crashes may try its graphics card again. */
const CPU_FOR = 10 * 60_000;

export interface SupervisorOptions {
  file: string;
  settings: EngineSettings;
  /** Bytes; 0 means half of the computer's memory. */
  maxBytes: number;
  stopWithin?: number | undefined;
  log(level: 'info' | 'warn', fields: object, text: string): void;
}

/**
 * Keeps one child running: restarts it after a crash, with backoff, and replaces it when its memory grows too large.
 */
export class Supervisor {
  /** Jobs pass through this lock: normally in parallel, exclusively to find out which one crashes the child. */
  readonly lock = new SharedLock();
  readonly #options: SupervisorOptions;
  readonly #maxBytes: number;
  readonly #models = new Map<string, LoadState>();
  #current: WorkerProcess | null = null;
  #starting: Promise<WorkerProcess> | null = null;
  /** Consecutive lives that ended before finishing a job. */
  #failures = 0;
  /** On the monotonic clock, like `#cpuUntil`. */
  #startedAt = 0;
  #restarts = 0;
  #usage: Usage | null = null;
  readonly #closing = new AbortController();
  /** Whether this child has finished a job. */
  #worked = false;
  #replacing = false;
  #resting: NodeJS.Timeout | null = null;
  #cpuUntil = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes || os.totalmem() / 2;
  }

  /** The running child, if there is one. */
  get current(): WorkerProcess | null {
    return this.#current?.alive ? this.#current : null;
  }

  /** Restarts after crashes. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The child's last reported memory. */
  get usage(): Usage | null {
    return this.current && this.#usage;
  }

  /** Models that were loaded when the child died count as loading: the next child loads them first. */
  loadState(id: string): LoadState | null {
    if (this.#failures < HOPELESS) return this.#models.get(id) ?? null;
    return { ...LOADING, state: 'failed', reason: hopeless().message };
  }

  /**
   * The child, started if necessary.
   * @param onCpu whether it must not use a graphics card, after crashes
   * @throws {AppError} SHUTTING_DOWN; INFERENCE_FAILED when repeated starts fail
   */
  async get(onCpu = false): Promise<WorkerProcess> {
    if (onCpu && this.#device !== 'cpu') {
      this.#cpuUntil = performance.now() + CPU_FOR;
      await this.#starting?.catch(() => undefined);
      await this.#end();
    }
    for (;;) {
      try {
        return await (this.#starting ?? this.current ?? this.#start());
      } catch (error) {
        if (!(error instanceof WorkerDied)) throw error;
        if (this.#failures >= HOPELESS) throw hopeless();
      }
    }
  }

  /** A job ended normally: the child works. */
  noteSuccess(): void {
    this.#failures = 0;
    this.#worked = true;
  }

  async close(): Promise<void> {
    this.#closing.abort(new AppError('SHUTTING_DOWN'));
    if (this.#resting) clearTimeout(this.#resting);
    await this.#starting?.catch(() => undefined);
    await this.#end();
  }

  get #device() {
    return performance.now() < this.#cpuUntil ? 'cpu' : this.#options.settings.config.device;
  }

  #start(): Promise<WorkerProcess> {
    this.#starting ??= this.#launch().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #launch(): Promise<WorkerProcess> {
    const pause = this.#failures === 0 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1));
    const wait = this.#startedAt + pause - performance.now();
    if (this.#failures >= HOPELESS && wait > 0) throw hopeless();
    const { signal } = this.#closing;
    await delay(Math.max(0, wait), undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    this.#startedAt = performance.now();
    this.#worked = false;
    this.#usage = null;
    const child = new WorkerProcess(this.#processOptions());
    this.#current = child;
    await child.up;
    for (const id of this.#models.keys()) {
      child.call({ ask: 'load', model: id }).then(
        () => {
          this.#failures = 0;
        },
        () => undefined,
      );
    }
    return child;
  }

  #processOptions(): ProcessOptions {
    const { file, settings, stopWithin, log } = this.#options;
    const { config } = settings;
    const device = this.#device;
    const moved = device !== config.device;
    return {
      file,
      stopWithin,
      settings: moved ? { ...settings, config: { ...config, device, strict: false } } : settings,
      log,
      onModel: (id, state) => {
        if (state) this.#models.set(id, moved ? { ...state, reason: state.reason ?? CRASHED } : state);
        else this.#models.delete(id);
      },
      onUsage: (usage) => this.#noteUsage(usage),
      onEnd: (child, how) => this.#noteEnd(child, how),
    };
  }

  /** A child that died is replaced at once, so that its models are warm for the next request. */
  #noteEnd(child: WorkerProcess, how: string): void {
    if (child !== this.#current || this.#closing.signal.aborted) return;
    this.#current = null;
    this.#failures++;
    this.#restarts++;
    for (const [id, { state }] of this.#models) {
      if (state === 'failed') this.#models.delete(id);
      else this.#models.set(id, LOADING);
    }
    this.#options.log('warn', { how, failures: this.#failures }, 'the process that runs the models ended');
    // Not at once: a start that fails must finish first.
    if (this.#failures < HOPELESS) setImmediate(() => void this.get().catch(() => undefined));
  }

  #noteUsage(usage: Usage): void {
    this.#usage = usage;
    const { rss } = usage;
    const outworn = rss > this.#maxBytes || (this.#cpuUntil > 0 && performance.now() > this.#cpuUntil);
    // A limit below a fresh child's memory must not cause endless replacement.
    if (!outworn || !this.#worked || this.#replacing) return;
    if (rss > OVERDUE * this.#maxBytes) return void this.#replace();
    if (this.#resting) clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      if (this.lock.length === 0 && this.#current?.idle) void this.#replace();
    }, REST).unref();
  }

  /** Running jobs finish, new ones wait briefly. Kept mattes are lost. */
  async #replace(): Promise<void> {
    this.#replacing = true;
    const leave = await this.lock.enter(true);
    try {
      this.#options.log('info', { rss: this.#usage?.rss }, 'the process that runs the models is replaced');
      for (let i = 0; i < DRAIN_WITHIN / 50 && !this.#current?.idle; i++) await delay(50);
      this.#cpuUntil = 0;
      await this.#end();
      await this.#start();
    } catch {
      // The next job that needs the child gets the error.
    } finally {
      this.#replacing = false;
      leave();
    }
  }

  /** Ends the child for good; pending output is still sent. */
  async #end(): Promise<void> {
    const child = this.#current;
    this.#current = null;
    if (!child?.alive) return;
    await child.close();
    for (const id of this.#models.keys()) this.#models.set(id, LOADING);
  }
}

const LOADING: LoadState = { state: 'loading', provider: null, label: null, reason: null };

const CRASHED = 'GPU not used: the process that runs the models crashed with it.';

function hopeless(): AppError {
  return new AppError('INFERENCE_FAILED', 'The process that runs the models crashes repeatedly; see the log.');
}
