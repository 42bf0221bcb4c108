/** Thrown through every stage when the user cancels. Not a failure: it has no sentence of its own but "Cancelled". */
export class Cancelled extends Error {
  constructor() {
    super('Cancelled');
    this.name = 'Cancelled';
  }
}

/** One run's cancel switch. UXP's AbortSignal covers only streams, so this is our own. */
export class Cancellation {
  private listeners: (() => void)[] = [];
  private done = false;

  get cancelled(): boolean {
    return this.done;
  }

  cancel(): void {
    if (this.done) return;
    this.done = true;
    const listeners = this.listeners;
    this.listeners = [];
    for (const listener of listeners) listener();
  }

  throwIfCancelled(): void {
    if (this.done) throw new Cancelled();
  }

  /** Calls `listener` on cancel; returns how to stop listening. */
  onCancel(listener: () => void): () => void {
    if (this.done) listener();
    else this.listeners.push(listener);
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener);
    };
  }

  /** Waits, or throws `Cancelled` as soon as the user cancels. */
  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        stop();
        resolve();
      }, milliseconds);
      const stop = this.onCancel(() => {
        clearTimeout(timer);
        reject(new Cancelled());
      });
    });
  }
}
