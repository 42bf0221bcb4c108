import PQueue from 'p-queue';

/** Runs tasks one at a time, first come, first served. A task that fails or is cancelled never blocks the next. */
export class RunQueue {
  readonly #queue = new PQueue({ concurrency: 1 });

  /** Tasks waiting or running. */
  get length(): number {
    return this.#queue.size + this.#queue.pending;
  }

  /**
   * Rejects with the signal's reason when it was aborted before the task's turn. The signal is not handed to the
   * library: that would start the next task while an aborted native run, which cannot be stopped, still goes on.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.add(() => {
      signal?.throwIfAborted();
      return task();
    });
  }
}
