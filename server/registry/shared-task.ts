/**
 * One piece of work that several callers wait for. A caller may leave through its own signal; the work itself is
 * aborted when the last one has left.
 */
export class SharedTask<Progress> {
  /** Settles with the work, never rejects. */
  readonly finished: Promise<void>;
  readonly #work: Promise<void>;
  readonly #controller = new AbortController();
  readonly #listeners = new Set<(progress: Progress) => void>();
  #waiting = 0;

  constructor(start: (signal: AbortSignal, report: (progress: Progress) => void) => Promise<void>) {
    this.#work = start(this.#controller.signal, (progress) => {
      for (const listener of this.#listeners) listener(progress);
    });
    this.finished = this.#work.catch(() => {});
  }

  /** Whether every caller has left, so that the work is about to end unfinished. */
  get abandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  async join(signal?: AbortSignal, onProgress?: (progress: Progress) => void): Promise<void> {
    if (onProgress) this.#listeners.add(onProgress);
    this.#waiting++;
    const leave = () => {
      if (onProgress) this.#listeners.delete(onProgress);
      if (--this.#waiting === 0) this.#controller.abort(signal?.reason);
    };
    if (signal?.aborted) leave();
    else signal?.addEventListener('abort', leave, { once: true });
    try {
      await this.#settled(signal);
    } finally {
      signal?.removeEventListener('abort', leave);
      if (onProgress) this.#listeners.delete(onProgress);
    }
  }

  /** The work's end. A caller that leaves while others wait goes at once; the last one waits until all is cleaned up. */
  #settled(signal: AbortSignal | undefined): Promise<void> {
    if (!signal) return this.#work;
    const left = new Promise<never>((_, reject) => {
      const check = () => {
        if (!this.#controller.signal.aborted) reject(signal.reason);
      };
      if (signal.aborted) check();
      else signal.addEventListener('abort', check, { once: true });
    });
    return Promise.race([this.#work, left]);
  }
}
