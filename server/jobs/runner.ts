import type { WorkOptions } from '../engine/engine.ts';
import { AppError } from '../errors.ts';
import { type Turn, Turns } from './turns.ts';

export interface RunnerLimits {
  /** Pictures in progress at a time. */
  concurrency: number;
  /** Time limit per picture in milliseconds, waiting excluded. */
  maxTime: number;
}

export interface RunOptions extends WorkOptions {
  /** The client whose turn it takes. */
  client: string;
  /** Milliseconds for waiting and work together. */
  deadline?: number | undefined;
  /** Told at once; `turn.begun` says when the work begins. */
  onPlace?: (turn: Turn) => void;
}

/** How many of the last durations are remembered. */
const REMEMBERED = 16;

/** Schedules requests on the engine: order, concurrency and time limits. */
export class Runner {
  readonly turns: Turns;
  readonly #limits: RunnerLimits;
  readonly #durations: number[] = [];

  constructor(limits: RunnerLimits) {
    this.#limits = limits;
    this.turns = new Turns(limits.concurrency);
  }

  /** Mean seconds of work of the last pictures; null before the first. */
  get usualSeconds(): number | null {
    const { length } = this.#durations;
    return length === 0 ? null : this.#durations.reduce((sum, seconds) => sum + seconds, 0) / length;
  }

  /** Seconds until the end of work that has so many turns ahead of it, or null where nothing is known yet. */
  secondsFor(ahead: number): number | null {
    const usual = this.usualSeconds;
    return usual === null ? null : usual * (1 + (ahead + 1) / this.#limits.concurrency);
  }

  /**
   * Waits for the client's turn and does the work. Cancelled or overlong work stops at its next safe point; only then
   * does the next one begin, because until then memory and graphics card are in use.
   * @throws {AppError} DEADLINE_PASSED, what the work throws, and the signal's reason
   */
  async run<T>(
    work: (options: WorkOptions) => Promise<T>,
    { client, signal, deadline, onPlace, onProgress }: RunOptions,
  ): Promise<T> {
    const late = new AbortController();
    const stop = () => late.abort(new AppError('DEADLINE_PASSED'));
    const timers = deadline === undefined ? [] : [setTimeout(stop, deadline)];
    const ended = AbortSignal.any([signal, late.signal]);
    const turn = this.turns.take(client, ended);
    try {
      onPlace?.(turn);
      await turn.begun;
      timers.push(setTimeout(stop, this.#limits.maxTime));
      const began = performance.now();
      const result = await work({ signal: ended, client, ...(onProgress && { onProgress }) });
      this.#remember((performance.now() - began) / 1000);
      return result;
    } catch (error) {
      // Whatever the stopped work threw, the abort reason is the error to report.
      ended.throwIfAborted();
      throw error;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      turn.end();
    }
  }

  #remember(seconds: number): void {
    this.#durations.push(seconds);
    if (this.#durations.length > REMEMBERED) this.#durations.shift();
  }
}
