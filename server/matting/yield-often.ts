/** Milliseconds of computation between two turns of the event loop. */
const TURN = 12;

/**
 * Yields during long computations: `/health` keeps answering, and cancelled work stops. Call `step` between strips or
 * tiles of a few milliseconds.
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
