const WINDOW_MS = 60_000;
const MAX_TRIES = 10;
/** More addresses than any network of trust has; the oldest is forgotten first. */
const MAX_ADDRESSES = 1000;

/** Counts wrong tokens by address, on a clock that nobody can set back. */
export class FailedTries {
  readonly #tries = new Map<string, { count: number; since: number }>();

  note(address: string): void {
    const now = performance.now();
    const entry = this.#tries.get(address);
    const count = entry && now - entry.since < WINDOW_MS ? entry.count + 1 : 1;
    const since = entry && count > 1 ? entry.since : now;
    this.#tries.delete(address);
    this.#tries.set(address, { count, since });
    if (this.#tries.size > MAX_ADDRESSES) this.#tries.delete(this.#tries.keys().next().value!);
  }

  /** Seconds that an address has to wait; 0 when it may try. */
  waitOf(address: string): number {
    const entry = this.#tries.get(address);
    if (!entry || entry.count < MAX_TRIES) return 0;
    return Math.max(0, Math.ceil((entry.since + WINDOW_MS - performance.now()) / 1000));
  }
}
