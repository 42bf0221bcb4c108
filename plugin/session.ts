import type { Subject } from '../protocol/matte.ts';
import { Cancellation, Cancelled } from './cancellation.ts';
import type { Client, Server } from './client/client.ts';
import { maskSubject, type Result } from './commands/mask-subject.ts';
import { PluginError } from './errors.ts';
import type { Host } from './host/host.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import type { SubjectMemory } from './subject.ts';
import type { PanelState, ServerState, View } from './ui/state.ts';

/** Pauses between looks at a server that is not ready, in milliseconds: soon at first, then rarely. */
const SHORTEST_PAUSE = 3000;
const LONGEST_PAUSE = 30_000;

/** Owns what the panel shows and the one run there can be. The panel and the menu command share it. */
export class Session {
  private readonly host: Host;
  private readonly client: Client;
  private readonly memory: SubjectMemory;
  private readonly draw: (view: View) => void;
  private panel: PanelState = { name: 'idle' };
  private server: ServerState = { name: 'unknown' };
  private run: Cancellation | null = null;
  private watch: Cancellation | null = null;
  private isWatchWanted = false;

  constructor(host: Host, client: Client, memory: SubjectMemory, draw: (view: View) => void) {
    this.host = host;
    this.client = client;
    this.memory = memory;
    this.draw = draw;
  }

  get view(): View {
    return { panel: this.panel, server: this.server, subject: this.memory.subject };
  }

  /** A run keeps what it was started for; a choice made during one is not heard. */
  chooseSubject(subject: Subject): void {
    if (this.run === null && subject !== this.memory.subject) this.memory.choose(subject);
    // In any case: the control may show already what was not heard.
    this.draw(this.view);
  }

  /** Runs "Mask subject" and answers with how it ended; never throws. */
  async maskSubject(): Promise<PanelState> {
    if (this.run !== null) return { name: 'failed', error: new PluginError('ALREADY_RUNNING') };
    const cancel = new Cancellation();
    this.run = cancel;
    let end: PanelState;
    try {
      const settings = { ...DEFAULT_SETTINGS, subject: this.memory.subject };
      const report = (progress: PanelState) => this.showRun(progress);
      const result = await maskSubject(this.host, this.watchedClient(), settings, cancel, report);
      this.noteRun(result);
      end = { name: 'done', result };
    } catch (error) {
      end = error instanceof Cancelled ? { name: 'cancelled' } : { name: 'failed', error };
    }
    this.run = null;
    this.show(end, this.server);
    // The run may have found that a server which was ready is gone.
    if (this.isWatchWanted && !this.isServerReady()) void this.watchServer();
    return end;
  }

  cancel(): void {
    this.run?.cancel();
  }

  /** Keeps the server line true until the server is ready. Asking costs nothing: closed ports refuse at once. */
  async watchServer(): Promise<void> {
    this.isWatchWanted = true;
    if (this.watch !== null) return;
    const watch = new Cancellation();
    this.watch = watch;
    try {
      for (let pause = SHORTEST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
        // A run asks for itself.
        if (this.run === null) await this.lookForServer(watch);
        if (this.isServerReady()) break;
        await watch.sleep(pause);
      }
    } catch (thrown) {
      if (!(thrown instanceof Cancelled)) throw thrown;
    } finally {
      this.watch = null;
    }
  }

  stopWatching(): void {
    this.isWatchWanted = false;
    this.watch?.cancel();
  }

  private async lookForServer(cancel: Cancellation): Promise<void> {
    await this.watchedClient()
      .connect(cancel)
      .catch((error) => {
        if (error instanceof Cancelled) throw error;
      });
  }

  /** The client, with what it learns about the server shown in the server line. */
  private watchedClient(): Client {
    const { client } = this;
    return {
      ...client,
      connect: async (cancel) => {
        try {
          const server = await client.connect(cancel);
          this.show(this.panel, { name: 'online', server });
          return server;
        } catch (error) {
          if (!(error instanceof Cancelled)) this.show(this.panel, { name: 'offline', error });
          throw error;
        }
      },
    };
  }

  /** The answer names the model that really ran, which beats what the server announced. */
  private noteRun({ model, provider }: Result): void {
    if (this.server.name !== 'online' || model === '' || provider === '') return;
    const { server } = this.server;
    const ready = { reason: null, queued: 0, ...server.health, ...server.ready };
    const ran: Server = { ...server, ready: { ...ready, ready: true, state: 'ready', model, provider } };
    this.server = { name: 'online', server: ran };
  }

  private isServerReady(): boolean {
    return this.server.name === 'online' && this.server.server.ready?.state === 'ready';
  }

  /** Late news of a cancelled run must not draw over how it ended. */
  private showRun(progress: PanelState): void {
    if (this.run?.cancelled === false) this.show(progress, this.server);
  }

  private show(panel: PanelState, server: ServerState): void {
    this.panel = panel;
    this.server = server;
    this.draw(this.view);
  }
}
