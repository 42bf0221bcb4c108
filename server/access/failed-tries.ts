const WINDOW_MS = 60_000;
const MAX_TRIES = 10;
/** More addresses than any trusted network has; the oldest entry is dropped first. */
const MAX_ADDRESSES = 1000;

/** Counts wrong tokens by address, on the monotonic clock. */
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

  /** Seconds that an address must wait; 0 when it may try. */
  waitOf(address: string): number {
    const entry = this.#tries.get(address);
    if (!entry || entry.count < MAX_TRIES) return 0;
    return Math.max(0, Math.ceil((entry.since + WINDOW_MS - performance.now()) / 1000));
  }
}
