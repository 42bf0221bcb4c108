/** Milliseconds of arithmetic between two breaths of the event loop. */
const TURN = 12;

/**
 * Long arithmetic in short turns: `/health` keeps answering, and work that nobody waits for any more stops.
 * Call `step` between strips or tiles of a few milliseconds.
 */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #began = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws the signal's reason once it is aborted. */
  async step(): Promise<void> {
    if (performance.now() - this.#began < TURN) return;
    await new Promise(setImmediate);
    this.#signal?.throwIfAborted();
    this.#began = performance.now();
  }
}
