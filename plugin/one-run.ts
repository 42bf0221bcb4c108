import { Cancellation } from './cancellation.ts';
import { PluginError } from './errors.ts';

/** What surrounds a run, such as keeping Photoshop to ourselves. */
export type Around = <T>(cancel: Cancellation, body: () => Promise<T>) => Promise<T>;

export const alone: Around = (_cancel, body) => body();

/** The one run there can be, whoever starts it: the panel, a menu command, a batch or an Action. */
export class OneRun {
  private cancellation: Cancellation | null = null;

  get isRunning(): boolean {
    return this.cancellation !== null;
  }

  /** Throws a PluginError if something runs; else runs `body`, which `cancel` reaches until it ends. */
  async start<T>(body: (cancel: Cancellation) => Promise<T>): Promise<T> {
    if (this.cancellation !== null) throw new PluginError('ALREADY_RUNNING');
    const cancellation = new Cancellation();
    this.cancellation = cancellation;
    try {
      return await body(cancellation);
    } finally {
      this.cancellation = null;
    }
  }
}
