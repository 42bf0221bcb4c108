/**
 * Runs one piece of work at a time and remembers only the newest of those that were asked for meanwhile: a slider asks for
 * more previews than can be made, and every one that is made should be seen.
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

  /** @param options `atOnce` gives up what runs, which is worth it for slow work only */
  ask(input: T, { atOnce = false }: { atOnce?: boolean } = {}): void {
    this.#next = { input };
    if (atOnce) this.#running?.abort();
    if (!this.#running) void this.#run();
  }

  /** Drops everything. */
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
