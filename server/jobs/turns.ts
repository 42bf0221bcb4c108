/** A place in the queue. Its holder must end it, whether it began or not; ending it twice is harmless. */
export interface Turn {
  /** Settles when it begins; rejects with the signal's reason when it is abandoned before. */
  readonly begun: Promise<void>;
  /** Turns that currently come before this one; 0 once it has begun. */
  readonly ahead: number;
  end(): void;
}

interface Waiting {
  begin(): void;
}

/**
 * A fair queue with limited concurrency: each client has its own line, first come, first served, and the lines take
 * turns. Each other client overtakes a picture at most once for each place in its own line, however many pictures it
 * sends.
 */
export class Turns {
  readonly #limit: number;
  /** By client, in the order of their turns; never an empty line. */
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

  /** Queue position of the client's next picture, from 1; null when none is waiting. */
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
      // Moves to the end, behind clients that arrived meanwhile.
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

/** Like `Promise.withResolvers`, which Node 20 lacks. The promise may reject before anything awaits it. */
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
