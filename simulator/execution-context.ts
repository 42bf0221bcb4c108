import { cancelled, HostError } from './errors.ts';
import { type DocumentHolder, HostControl } from './host-control.ts';
import type { PluginSession } from './session.ts';

export interface Progress {
  value?: number;
  commandName?: string;
}

/** What this needs of the host. */
export interface ContextHost extends DocumentHolder {
  readonly progress: Progress[];
}

/** The argument of an executeAsModal callback; see plugin-facing members in `view`. */
export class ExecutionContext {
  readonly control: HostControl;
  readonly session: PluginSession;
  readonly host: ContextHost;
  cancelled: true | undefined;
  listener: unknown;
  #ended = false;

  constructor(host: ContextHost, session: PluginSession) {
    this.host = host;
    this.session = session;
    this.control = new HostControl(host, () => this.assertRunning());
  }

  cancel(reason: string): void {
    this.cancelled = true;
    if (typeof this.listener !== 'function') return;
    try {
      this.listener({ reason });
    } catch (error) {
      this.session.errors.push(error);
    }
  }

  finish(failed: boolean): void {
    this.#ended = true;
    this.control.finish(failed);
  }

  assertRunning(): void {
    if (this.#ended) throw new HostError('The modal scope of this execution context has ended.');
    if (this.cancelled) throw cancelled();
  }

  /** What plugin code gets: accessors only, not enumerable, so that object spread loses them as in Photoshop. */
  view(): object {
    const { boundary } = this.session;
    return boundary.expose(new ContextView(this, boundary.expose(this.control, false)), false);
  }
}

class ContextView {
  readonly #context: ExecutionContext;
  readonly #control: object;

  constructor(context: ExecutionContext, control: object) {
    this.#context = context;
    this.#control = control;
  }

  /** undefined, not false, until the user cancels. */
  get isCancelled(): true | undefined {
    return this.#context.cancelled;
  }

  get onCancel(): unknown {
    return this.#context.listener;
  }

  set onCancel(listener: unknown) {
    this.#context.listener = listener;
  }

  get mode(): string {
    return 'action';
  }

  get uiMode(): string {
    return 'never';
  }

  get hostControl(): object {
    return this.#control;
  }

  reportProgress(progress: Progress): void {
    this.#context.assertRunning();
    const value = progress?.value;
    if (value !== undefined && !(value >= 0 && value <= 1)) {
      throw new HostError('reportProgress: value must be from 0 to 1');
    }
    this.#context.host.progress.push({ ...progress });
  }
}
