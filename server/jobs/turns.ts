/** A place in the order. Whoever has one ends it, whether it ever began or not; ending it twice is harmless. */
export interface Turn {
  /** Settles when it begins; rejects with the signal's reason when it is given up before. */
  readonly begun: Promise<void>;
  /** Turns that begin before this one, as things stand; 0 once it has begun. */
  readonly ahead: number;
  end(): void;
}

interface Waiting {
  begin(): void;
}

/**
 * Lets a few work at a time, and the others in an order that is fair between clients: each client has a line of its own,
 * first come, first served, and the lines take turns. Whoever waits is overtaken at most once by each other client for
 * each place in its own line, however many pictures they send.
 */
export class Turns {
  readonly #limit: number;
  /** By client, the one whose turn is next first; never an empty line. */
  readonly #lines = new Map<string, Waiting[]>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return [...this.#lines.values()].reduce((sum, line) => sum + line.length, 0);
  }

  /** Of the client's picture that begins next, among all that wait, from 1; null where none of its pictures waits. */
  placeOf(client: string): number | null {
    const next = this.#lines.get(client)?.[0];
    return next === undefined ? null : this.#ahead(client, next) + 1;
  }

  take(client: string, signal: AbortSignal): Turn {
    let state: 'waiting' | 'running' | 'ended' = 'waiting';
    const { promise, resolve, reject } = withResolvers();
    const waiting: Waiting = {
      begin: () => {
        state = 'running';
        signal.removeEventListener('abort', giveUp);
        this.#running++;
        resolve();
      },
    };
    const end = () => {
      if (state === 'running') this.#running--;
      if (state === 'waiting') this.#leave(client, waiting);
      state = 'ended';
      signal.removeEventListener('abort', giveUp);
      this.#next();
    };
    const giveUp = () => {
      end();
      reject(signal.reason);
    };
    const line = this.#lines.get(client);
    if (line) line.push(waiting);
    else this.#lines.set(client, [waiting]);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    else this.#next();
    const ahead = () => (state === 'waiting' ? this.#ahead(client, waiting) : 0);
    return {
      begun: promise,
      get ahead() {
        return ahead();
      },
      end,
    };
  }

  #next(): void {
    while (this.#running < this.#limit) {
      const [first] = this.#lines;
      if (!first) return;
      const [client, line] = first;
      const next = line.shift()!;
      // Goes to the end, behind whoever came meanwhile.
      this.#lines.delete(client);
      if (line.length > 0) this.#lines.set(client, line);
      next.begin();
    }
  }

  #leave(client: string, waiting: Waiting): void {
    const rest = this.#lines.get(client)!.filter((other) => other !== waiting);
    if (rest.length > 0) this.#lines.set(client, rest);
    else this.#lines.delete(client);
  }

  #ahead(client: string, waiting: Waiting): number {
    const own = this.#lines.get(client)!.indexOf(waiting);
    let sum = own;
    let passed = false;
    for (const [other, line] of this.#lines) {
      if (other === client) passed = true;
      else sum += Math.min(line.length, passed ? own : own + 1);
    }
    return sum;
  }
}

/** As `Promise.withResolvers`, which Node 20 lacks. Nobody may be listening yet when it is given up. */
function withResolvers() {
  let resolve = () => {};
  let reject = (_reason: unknown) => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
