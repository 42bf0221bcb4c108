interface Waiting {
  alone: boolean;
  enter(): void;
}

/** A fair readers-writer lock. First come, first served: a waiting exclusive holder is not overtaken. */
export class SharedLock {
  readonly #queue: Waiting[] = [];
  #inside = 0;
  #alone = false;

  /** Holding or waiting. */
  get length(): number {
    return this.#inside + this.#queue.length;
  }

  /**
   * @returns a release function; calling it twice is harmless.
   * @throws the signal's reason when aborted while waiting
   */
  enter(alone: boolean, signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abandon = () => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(signal?.reason);
        this.#admit();
      };
      const waiting: Waiting = {
        alone,
        enter: () => {
          signal?.removeEventListener('abort', abandon);
          let inside = true;
          resolve(() => {
            if (!inside) return;
            inside = false;
            this.#inside--;
            this.#alone = false;
            this.#admit();
          });
        },
      };
      this.#queue.push(waiting);
      signal?.addEventListener('abort', abandon, { once: true });
      this.#admit();
    });
  }

  #admit(): void {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      if (this.#alone || (next.alone && this.#inside > 0)) return;
      this.#queue.shift();
      this.#inside++;
      this.#alone = next.alone;
      next.enter();
    }
  }
}
