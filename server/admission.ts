import { AppError } from './errors.ts';

/**
 * Decides before a body is read whether there is room for it, by number of requests and by the bytes they will hold.
 * A single request larger than the byte limit is let in when it is alone, so that the limit never makes it impossible.
 */
export class Admission {
  #jobs = 0;
  #bytes = 0;
  readonly #maxJobs: number;
  readonly #maxBytes: number;

  constructor(maxJobs: number, maxBytes: number) {
    this.#maxJobs = maxJobs;
    this.#maxBytes = maxBytes;
  }

  get jobs(): number {
    return this.#jobs;
  }

  /**
   * @returns a function that gives the place back; calling it twice is harmless.
   * @throws {AppError} QUEUE_FULL
   */
  enter(bytes: number): () => void {
    const full = this.#jobs >= this.#maxJobs || (this.#jobs > 0 && this.#bytes + bytes > this.#maxBytes);
    if (full) throw new AppError('QUEUE_FULL');
    this.#jobs++;
    this.#bytes += bytes;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#jobs--;
      this.#bytes -= bytes;
    };
  }
}

/** A place in the queue, kept until the answer is closed and the work for it, if it began, has ended. */
export class Place {
  #holders = 1;
  readonly #leave: () => void;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  begin(): void {
    this.#holders++;
  }

  end(): void {
    if (--this.#holders === 0) this.#leave();
  }
}
