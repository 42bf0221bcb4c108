import { AppError } from '../errors.ts';

/**
 * Decides before a body is read whether there is room for it, by number of requests and by bytes. A single request
 * larger than the byte limit is admitted when it is alone, so that the limit never makes it impossible. A client
 * without admitted requests may exceed both limits by one request, so that a client that fills all places cannot lock
 * out the others.
 */
export class Admission {
  readonly #inside = new Map<string, number>();
  #jobs = 0;
  #bytes = 0;
  #extra = false;
  readonly #maxJobs: number;
  readonly #maxBytes: number;

  constructor(maxJobs: number, maxBytes: number) {
    this.#maxJobs = maxJobs;
    this.#maxBytes = maxBytes;
  }

  get jobs(): number {
    return this.#jobs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param client its id, if known
   * @returns a release function; calling it twice is harmless.
   * @throws {AppError} QUEUE_FULL
   */
  enter(bytes: number, client: string): () => void {
    const full = this.#jobs >= this.#maxJobs || (this.#jobs > 0 && this.#bytes + bytes > this.#maxBytes);
    const own = this.#inside.get(client) ?? 0;
    if (full && (own > 0 || this.#extra)) throw new AppError('QUEUE_FULL');
    this.#extra ||= full;
    this.#inside.set(client, own + 1);
    this.#jobs++;
    this.#bytes += bytes;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#leave(bytes, client);
      if (full) this.#extra = false;
    };
  }

  #leave(bytes: number, client: string): void {
    this.#jobs--;
    this.#bytes -= bytes;
    const left = this.#inside.get(client)! - 1;
    if (left > 0) this.#inside.set(client, left);
    else this.#inside.delete(client);
  }
}

/** A place in the queue, held until the answer is closed and its work, if started, has ended. */
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
