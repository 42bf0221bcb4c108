import { Cancellation, Cancelled } from '../cancellation.ts';
import { PluginError } from '../errors.ts';

/** What surrounds a run, such as keeping Photoshop to ourselves. */
export type RunScope = <T>(cancel: Cancellation, body: () => Promise<T>) => Promise<T>;

export const alone: RunScope = (_cancel, body) => body();

/** Allows one run at a time, started by the panel, a menu command, a batch or an Action. */
export class OneRun {
  /** Called when a run has ended, and what gave way to it may go on. */
  onIdle: () => void = () => {};
  private cancellation: Cancellation | null = null;
  private aside: { cancel: Cancellation; ended: Promise<unknown> } | null = null;

  get isRunning(): boolean {
    return this.cancellation !== null;
  }

  /** Throws a PluginError if something runs; else runs `body`, which `cancel` reaches until it ends. */
  async start<T>(body: (cancel: Cancellation) => Promise<T>): Promise<T> {
    if (this.cancellation !== null) throw new PluginError('ALREADY_RUNNING');
    const cancellation = new Cancellation();
    this.cancellation = cancellation;
    try {
      if (this.aside !== null) {
        this.aside.cancel.cancel();
        await this.aside.ended;
      }
      return await body(cancellation);
    } finally {
      this.cancellation = null;
      this.onIdle();
    }
  }

  /**
   * For background work that needs Photoshop: starting a run cancels it. Throws Cancelled then, and if a run is already
   * in progress.
   */
  async startAside<T>(cancel: Cancellation, body: () => Promise<T>): Promise<T> {
    // One that was cancelled may still be on its way out.
    while (this.aside !== null) await this.aside.ended;
    cancel.throwIfCancelled();
    if (this.cancellation !== null) throw new Cancelled();
    const work = body();
    const aside = { cancel, ended: work.catch(() => {}) };
    this.aside = aside;
    try {
      return await work;
    } finally {
      this.aside = null;
    }
  }
}
