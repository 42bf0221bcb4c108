import { AsyncLocalStorage } from 'node:async_hooks';
import { cancelled, HostError, mayModify, onlyModal } from './errors.ts';
import { type ContextHost, ExecutionContext } from './execution-context.ts';
import type { PluginSession } from './session.ts';

/** What this needs of the host. */
export interface ModalHost extends ContextHost {
  atLeast(version: string): boolean;
}

export interface ModalOptions {
  commandName?: string;
  descriptor?: unknown;
  interactive?: boolean;
  timeOut?: number;
}

interface Root {
  readonly commandName: string;
  readonly holder: string;
  readonly interactive: boolean;
  readonly contexts: Set<ExecutionContext>;
  cancelled: boolean;
  readonly done: Promise<void>;
}

/** One executeAsModal call. Nested calls share the root: one modal state, one progress bar, one cancel. */
export interface Scope {
  readonly root: Root;
  readonly context: ExecutionContext;
  /** Commands that run. */
  readonly pending: Set<Promise<unknown>>;
  ended: boolean;
}

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Photoshop's modal state. A call counts as inside only if it descends from the scope's callback (async context), so a
 * call that merely happens to run at the same time is refused: stricter than Photoshop, which sees one flag.
 */
export class Modal {
  readonly log: { commandName: string; ms: number }[] = [];
  onEnter: ((commandName: string) => void) | undefined;
  onExit: ((commandName: string) => void) | undefined;
  onCall: (() => void) | undefined;
  readonly #host: ModalHost;
  readonly #scopes = new AsyncLocalStorage<Scope>();
  #root: Root | null = null;

  constructor(host: ModalHost) {
    this.#host = host;
  }

  get isModal(): boolean {
    return this.#root !== null;
  }

  /** Whether the caller descends from the running scope. */
  get isInside(): boolean {
    return this.#current !== null;
  }

  get mutesNotifications(): boolean {
    return this.#root !== null && !this.#root.interactive;
  }

  get #current(): Scope | null {
    const scope = this.#scopes.getStore();
    return scope && !scope.ended && scope.root === this.#root ? scope : null;
  }

  /** For imaging calls. Also the point where other things may happen, as every call into Photoshop is asynchronous. */
  async enterCall(needsModal = true): Promise<void> {
    this.#check(needsModal ? onlyModal : null);
    await tick();
    this.onCall?.();
    this.#check(needsModal ? onlyModal : null);
  }

  /** For everything that Photoshop calls an event: DOM setters and methods, batchPlay commands that change something. */
  requireFor(event: string): void {
    this.#check(() => mayModify(event));
  }

  /** Reads are allowed anywhere, but not in a scope that the user cancelled. */
  requireNotCancelled(): void {
    this.#check(null);
  }

  #check(outside: (() => Error) | null): void {
    const scope = this.#current;
    if (scope?.root.cancelled) throw cancelled();
    if (!scope && outside) throw outside();
  }

  /** The scope, if the caller is in one, does not end before this does. */
  async hold<T>(command: () => Promise<T>): Promise<T> {
    const running = command();
    this.#current?.pending.add(running);
    return running;
  }

  cancel(): void {
    if (!this.#root) throw new Error('cancelModal: no modal scope is running');
    this.#root.cancelled = true;
    for (const context of this.#root.contexts) context.cancel('user');
  }

  async execute(
    session: PluginSession,
    fn: (context: unknown, descriptor: unknown) => unknown,
    options: ModalOptions = {},
  ): Promise<unknown> {
    if (typeof fn !== 'function')
      throw new HostError('executeAsModal: argument 1 must be a function', { kind: 'TypeError' });
    if (this.#host.faults.commandNameRequired && !options.commandName) {
      throw new HostError('executeAsModal: commandName is required', { kind: 'TypeError' });
    }
    const descriptor = cloned(options.descriptor);
    const outer = this.#current;
    if (outer?.root.cancelled) throw cancelled();
    const { modalRefused } = this.#host.faults;
    if (modalRefused !== null) throw new HostError(modalRefused);
    if (!outer) {
      await this.#waitForOthers(options);
      const deadline = performance.now() + (this.#host.atLeast('25.10') ? (options.timeOut ?? 0) : 0) * 1000;
      // No await between the last look and enter: several may be waiting, and only one gets in.
      while (this.#root) await this.#waitForOwn(session, this.#root, deadline);
    }
    return this.#enter(session, outer, fn, descriptor, options);
  }

  async #enter(
    session: PluginSession,
    outer: Scope | null,
    fn: (context: unknown, descriptor: unknown) => unknown,
    descriptor: unknown,
    options: ModalOptions,
  ): Promise<unknown> {
    let release: () => void = () => {};
    const root = outer?.root ?? {
      commandName: options.commandName ?? '',
      holder: session.id,
      interactive: options.interactive === true,
      contexts: new Set<ExecutionContext>(),
      cancelled: false,
      done: new Promise<void>((resolve) => {
        release = resolve;
      }),
    };
    this.#root = root;
    const context = new ExecutionContext(this.#host, session);
    root.contexts.add(context);
    const scope: Scope = { root, context, pending: new Set(), ended: false };
    const started = performance.now();
    let failed = true;
    try {
      if (!outer) this.onEnter?.(root.commandName);
      const result = await this.#scopes.run(scope, async () => {
        await tick();
        return fn(context.view(), descriptor);
      });
      if (!this.#host.faults.commandsDieWithScope) await Promise.allSettled(scope.pending);
      if (root.cancelled && !this.#host.faults.cancelledScopeResolves) throw cancelled();
      failed = root.cancelled;
      return result;
    } finally {
      scope.ended = true;
      root.contexts.delete(context);
      context.finish(failed);
      if (!outer) {
        this.#root = null;
        this.log.push({ commandName: root.commandName, ms: performance.now() - started });
        release();
        this.onExit?.(root.commandName);
      }
    }
  }

  /** The injected holder. Time is simulated: a second of retry costs a few milliseconds here. */
  async #waitForOthers(options: ModalOptions): Promise<void> {
    const left = this.#host.faults.busy;
    if (left === null || left <= 0) return;
    const patience = this.#host.atLeast('25.10') ? (options.timeOut ?? 1) : 0;
    await sleep(5);
    if (patience > left) {
      this.#host.faults.busy = null;
      return;
    }
    const rest = left - Math.max(patience, 1);
    this.#host.faults.busy = rest > 0 ? rest : null;
    throw this.#busyError(this.#host.faults.busyHolder);
  }

  /** A second call of the same plugin while one runs: the holder is the plugin itself. Only an explicit timeOut waits. */
  async #waitForOwn(session: PluginSession, root: Root, deadline: number): Promise<void> {
    const left = deadline - performance.now();
    if (left <= 0) throw this.#busyError(session.id);
    await Promise.race([root.done, sleep(left)]);
  }

  #busyError(holder: string | null): HostError {
    const named = holder !== null && this.#host.atLeast('25.10');
    return new HostError(named ? `Plugin: ${holder} is running a modal command` : 'host is in a modal state', {
      number: 9,
    });
  }
}

function cloned(descriptor: unknown): unknown {
  try {
    return structuredClone(descriptor);
  } catch {
    throw new HostError('executeAsModal: descriptor must not contain functions', { kind: 'TypeError' });
  }
}
