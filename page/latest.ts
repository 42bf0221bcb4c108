/**
 * Runs one task at a time and keeps only the newest request made meanwhile: a slider requests more previews than can be
 * computed, and every computed one should be shown.
 */
export class Latest<T> {
  readonly #work: (input: T, signal: AbortSignal) => Promise<void>;
  #running: AbortController | null = null;
  #next: { input: T } | null = null;

  /** @param work must not reject */
  constructor(work: (input: T, signal: AbortSignal) => Promise<void>) {
    this.#work = work;
  }

  get isBusy(): boolean {
    return this.#running !== null;
  }

  /** @param options `atOnce` aborts the running task, which is worth it for slow tasks only */
  ask(input: T, { atOnce = false }: { atOnce?: boolean } = {}): void {
    this.#next = { input };
    if (atOnce) this.#running?.abort();
    if (!this.#running) void this.#run();
  }

  /** Drops all requests. */
  stop(): void {
    this.#next = null;
    this.#running?.abort();
  }

  async #run(): Promise<void> {
    while (this.#next) {
      const { input } = this.#next;
      this.#next = null;
      this.#running = new AbortController();
      await this.#work(input, this.#running.signal);
      this.#running = null;
    }
  }
}
