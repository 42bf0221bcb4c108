import { Cancellation, Cancelled } from '../cancellation.ts';
import type { Client, Server } from '../client/client.ts';
import { PluginError, type PluginErrorCode } from '../errors.ts';
import type { ServerState } from './state.ts';

/** Pauses between looks at a server that is not ready, in milliseconds: soon at first, then rarely. */
const SHORTEST_PAUSE = 3000;
const LONGEST_PAUSE = 30_000;

/** And at one that is, to notice when it goes. */
const READY_PAUSE = 20_000;

/** A server that was there a moment ago may only be too busy to answer. */
const SECOND_LOOK = 1000;

/** A server that was just opened loads its model for some seconds; a first start builds itself before. */
const LAUNCH_PAUSE = 1000;
const LAUNCH_PATIENCE = 90_000;

/** What really ran. */
type Run = { model: string; provider: string };

/** What a run needs to know of the server: the queue while it waits, nothing while it polls the server itself. */
export type Demand = 'nothing' | 'queue' | 'health';

/** Knows what can be said about the server, and keeps it true. */
export class ServerWatch {
  private readonly plain: Client;
  private readonly openLauncher: () => Promise<void>;
  private readonly demand: () => Demand;
  private readonly onChange: () => void;
  private known: ServerState = { name: 'unknown' };
  private ran: Run | null = null;
  private watch: Cancellation | null = null;

  constructor(client: Client, openLauncher: () => Promise<void>, demand: () => Demand, onChange: () => void) {
    this.plain = client;
    this.openLauncher = openLauncher;
    this.demand = demand;
    this.onChange = onChange;
  }

  get state(): ServerState {
    return this.known;
  }

  /** Without asking, if it is known. */
  async server(cancel: Cancellation): Promise<Server> {
    return this.known.name === 'online' ? this.known.server : this.client.connect(cancel);
  }

  /** The client, with what it learns about the server noted. */
  get client(): Client {
    return {
      ...this.plain,
      connect: async (cancel) => {
        try {
          const server = await this.plain.connect(cancel);
          this.noteAnswer(server);
          return server;
        } catch (error) {
          if (!(error instanceof Cancelled)) this.noteSilence(error);
          throw error;
        }
      },
    };
  }

  /** Asking costs nothing: closed ports refuse at once. @param delay before the first look, in milliseconds */
  async start(delay = 0): Promise<void> {
    if (this.watch !== null) return;
    const watch = new Cancellation();
    this.watch = watch;
    try {
      if (delay > 0) await watch.sleep(delay);
      for (let pause = SHORTEST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
        const demand = this.demand();
        if (demand !== 'nothing') await this.look(watch);
        if (this.isReady()) pause = SHORTEST_PAUSE;
        await watch.sleep(this.isReady() && demand !== 'queue' ? READY_PAUSE : pause);
      }
    } catch (thrown) {
      if (!(thrown instanceof Cancelled)) throw thrown;
    } finally {
      if (this.watch === watch) this.watch = null;
    }
  }

  /** Looks soon, if it looks at all: something has changed since it decided when to look. */
  hurry(): void {
    if (this.watch === null || this.isStarting()) return;
    this.stop();
    void this.start(SHORTEST_PAUSE);
  }

  stop(): void {
    this.watch?.cancel();
    this.watch = null;
  }

  /** Looks at once, because something has changed. */
  async restart(): Promise<void> {
    this.stop();
    this.set({ name: 'unknown' });
    await this.start();
  }

  /** Opens the launcher that the server left on this computer, and waits for an answer. Never throws. */
  async launch(): Promise<void> {
    if (this.known.name !== 'offline') return;
    this.stop();
    this.set({ name: 'starting' });
    const launch = new Cancellation();
    this.watch = launch;
    let error: unknown = new PluginError('LAUNCH_TIMED_OUT');
    try {
      await this.openLauncher();
      const attempts = LAUNCH_PATIENCE / LAUNCH_PAUSE;
      for (let attempt = 0; attempt < attempts && this.isStarting(); attempt++) {
        await launch.sleep(LAUNCH_PAUSE);
        await this.client.connect(launch).catch(rethrowCancelled);
      }
    } catch (thrown) {
      error = thrown;
    }
    if (this.watch !== launch) return;
    this.watch = null;
    if (this.isStarting()) this.set({ name: 'offline', error });
    void this.start();
  }

  /** The answer names the model that really ran, which beats what the server announces. */
  noteRun({ model, provider }: Run): void {
    if (this.known.name !== 'online' || model === '' || provider === '') return;
    this.ran = { model, provider };
    this.noteAnswer(this.known.server);
  }

  private async look(cancel: Cancellation): Promise<void> {
    if (this.known.name === 'online') {
      const found = await this.plain.connect(cancel).catch(rethrowCancelled);
      if (found !== undefined) return this.noteAnswer(found);
      await cancel.sleep(SECOND_LOOK);
    }
    await this.client.connect(cancel).catch(rethrowCancelled);
  }

  private isReady(): boolean {
    return this.known.name === 'online' && this.known.server.ready?.state === 'ready';
  }

  private isStarting(): boolean {
    return this.known.name === 'starting';
  }

  private noteAnswer(server: Server): void {
    const { ready } = server;
    // A server that is not ready, or would not say, may have been started anew.
    if (this.known.name !== 'online' || (ready !== null && ready.state !== 'ready')) this.ran = null;
    this.set({ name: 'online', server: this.ran === null ? server : withRun(server, this.ran) });
  }

  private noteSilence(error: unknown): void {
    // While it is starting, that it does not answer is no news; and why it could not be started says more.
    if (this.isStarting()) return;
    const silent = isError(error, 'NOT_RUNNING');
    if (silent && this.known.name === 'offline' && isError(this.known.error, 'LAUNCH_FAILED', 'LAUNCH_TIMED_OUT'))
      return;
    this.set({ name: 'offline', error });
  }

  private set(state: ServerState): void {
    this.known = state;
    this.onChange();
  }
}

function withRun(server: Server, { model, provider }: Run): Server {
  const ready = { label: null, reason: null, queued: 0, place: null, ...server.health, ...server.ready };
  // The label and the reason are those of the default model's provider; another model may have run elsewhere.
  const words = server.ready?.provider === provider ? {} : { label: null, reason: null };
  return { ...server, ready: { ...ready, ...words, ready: true, state: 'ready', model, provider } };
}

function isError(error: unknown, ...codes: PluginErrorCode[]): boolean {
  return error instanceof PluginError && codes.includes(error.code);
}

function rethrowCancelled(error: unknown): undefined {
  if (error instanceof Cancelled) throw error;
  return undefined;
}
