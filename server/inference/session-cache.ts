import { AppError } from '../errors.ts';
import type { ModelSpec } from '../registry/spec/model-spec.ts';
import { ModelSlot } from './model-slot.ts';
import type { Session } from './session.ts';

/** A loaded model with its queue. */
export type LoadedModel = Pick<ModelSlot, 'spec' | 'session' | 'queue' | 'run'>;

/** @param device where it must run; else as configured */
export type LoadSession = (spec: ModelSpec, device?: 'cpu') => Promise<Session>;

export interface CacheOptions {
  /** Milliseconds after its last run that a model is unloaded; 0 keeps all. */
  unloadAfter?: number;
  isPinned?: (id: string) => boolean;
  /** Told whenever a model begins to load, is loaded, moves to another provider, fails or is unloaded. */
  onChange?: (id: string) => void;
}

interface Entry {
  loading: Promise<ModelSlot>;
  slot: ModelSlot | null;
  timer: NodeJS.Timeout | null;
}

/**
 * Keeps one session per model, until it has not been used for a while. Two callers share one load; a load that failed
 * is forgotten, so that the next call tries again.
 */
export class SessionCache {
  readonly #entries = new Map<string, Entry>();
  readonly #load: LoadSession;
  readonly #options: CacheOptions;
  #disposed = false;

  constructor(load: LoadSession, options: CacheOptions = {}) {
    this.#load = load;
    this.#options = options;
  }

  /** Requests waiting or running, over all models. */
  get queued(): number {
    let sum = 0;
    for (const { slot } of this.#entries.values()) sum += slot?.queue.length ?? 0;
    return sum;
  }

  /** The model, if it is loaded by now. */
  peek(id: string): LoadedModel | undefined {
    return this.#entries.get(id)?.slot ?? undefined;
  }

  isLoading(id: string): boolean {
    return this.#entries.get(id)?.slot === null;
  }

  /** @throws {AppError} SHUTTING_DOWN after `dispose`; whatever the load reports. */
  get(spec: ModelSpec): Promise<LoadedModel> {
    return this.#open(spec);
  }

  /** Releases every session after the runs in progress. @throws {Error} the first failure, once all were tried. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const all = [...this.#entries.values()];
    this.#entries.clear();
    const released = await Promise.allSettled(
      all.map(async ({ loading, timer }) => {
        if (timer) clearTimeout(timer);
        await (await loading.catch(() => null))?.empty();
      }),
    );
    for (const outcome of released) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #open(spec: ModelSpec): Promise<ModelSlot> {
    if (this.#disposed) throw new AppError('SHUTTING_DOWN');
    if (this.#entries.get(spec.id)?.slot?.wantsCard) await this.#unload(spec.id);
    return (this.#entries.get(spec.id) ?? this.#begin(spec)).loading;
  }

  #begin(spec: ModelSpec): Entry {
    const { id } = spec;
    const changed = () => this.#options.onChange?.(id);
    const loading = this.#load(spec).then((session) => {
      entry.slot = new ModelSlot(spec, session, {
        loadOnCpu: () => this.#load(spec, 'cpu'),
        reopen: () => this.#open(spec),
        onRun: (moved) => {
          this.#restartClock(id);
          if (moved) changed();
        },
      });
      this.#restartClock(id);
      changed();
      return entry.slot;
    });
    const entry: Entry = { loading, slot: null, timer: null };
    this.#entries.set(id, entry);
    changed();
    loading.catch(() => {
      this.#entries.delete(id);
      changed();
    });
    return entry;
  }

  #restartClock(id: string): void {
    const { unloadAfter = 0, isPinned } = this.#options;
    const entry = this.#entries.get(id);
    if (!entry || unloadAfter === 0 || isPinned?.(id)) return;
    if (entry.timer) clearTimeout(entry.timer);
    entry.timer = setTimeout(() => {
      // A run in progress restarts the timer when it ends.
      if (entry.slot?.queue.length === 0) this.#unload(id).catch(() => undefined);
    }, unloadAfter).unref();
  }

  async #unload(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry?.timer) clearTimeout(entry.timer);
    this.#entries.delete(id);
    this.#options.onChange?.(id);
    await entry?.slot?.empty();
  }
}
