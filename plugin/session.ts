import { Cancellation, Cancelled } from './cancellation.ts';
import { readAddress } from './client/address.ts';
import type { Client } from './client/client.ts';
import { ORIGINS } from './client/server-finder.ts';
import { applyEdge, type Refinable, renewMatte } from './commands/apply-edge.ts';
import { maskSubject, type Result } from './commands/mask-subject.ts';
import { EdgeSession, type Previewable } from './edge-session.ts';
import { isServerError, PluginError } from './errors.ts';
import type { Host } from './host/host.ts';
import { ServerWatch } from './server-watch.ts';
import type { MaskPolicy, Settings } from './settings.ts';
import type { SettingsMemory } from './settings-memory.ts';
import type { Intents } from './ui/intents.ts';
import { isRunning, type PanelState, type View } from './ui/state.ts';

/** What of the computer a session needs beside Photoshop and the server. */
export interface Surroundings {
  readonly memory: SettingsMemory;
  /** Throws LAUNCH_FAILED. */
  openLauncher(): Promise<void>;
  /** Which addresses the panel may talk to. */
  readPermittedOrigins(): Promise<readonly string[] | 'all'>;
}

type Command = (client: Client, settings: Settings, cancel: Cancellation) => Promise<Result>;

/** Owns what the panel shows and the one run there can be. The panel, menu commands and recorded steps share it. */
export class Session {
  readonly edge: EdgeSession;
  private readonly host: Host;
  private readonly around: Surroundings;
  private readonly draw: (view: View) => void;
  private readonly watch: ServerWatch;
  private panel: PanelState = { name: 'idle' };
  private run: Cancellation | null = null;
  /** What waits for an answer about a mask that is there. */
  private pending: Command | null = null;
  private refinable: Refinable | null = null;

  constructor(host: Host, client: Client, around: Surroundings, draw: (view: View) => void) {
    this.host = host;
    this.around = around;
    this.draw = draw;
    const redraw = () => this.draw(this.view);
    // While a run waits for the server, the queue is worth looking at; before and after, the run asks for itself.
    const mayLook = () => this.run === null || this.panel.name === 'waiting';
    this.watch = new ServerWatch(client, () => around.openLauncher(), mayLook, redraw);
    this.edge = new EdgeSession(around.memory, redraw);
  }

  get view(): View {
    const { settings, address, welcomed } = this.around.memory;
    return {
      panel: this.panel,
      server: this.watch.state,
      settings,
      address,
      newcomer: !welcomed,
      edge: this.edge.view,
    };
  }

  /** What the panel's user can ask for. */
  get intents(): Intents {
    const { edge } = this;
    return {
      maskSubject: () => void this.maskSubject(),
      answer: (answer, remember) => void this.answer(answer, remember),
      cancel: () => this.cancel(),
      choose: (change) => this.choose(change),
      lookAtEdge: (width) => edge.look(width),
      changeEdge: (controls) => edge.change(controls),
      showOn: (backdrop) => edge.showOn(backdrop),
      keepEdge: (kept) => edge.keep(kept),
      applyEdge: () => void this.applyEdge(),
      startServer: () => void this.watch.launch(),
      chooseAddress: (typed) => this.chooseAddress(typed),
    };
  }

  /** A run keeps what it was started for; a choice made during one is not heard. */
  choose(change: Partial<Settings>): void {
    if (this.run === null) this.around.memory.choose(change);
    // In any case: the control may show already what was not heard.
    this.draw(this.view);
  }

  /** Runs "Mask subject" and answers with how it ended; never throws. */
  maskSubject(): Promise<PanelState> {
    return this.start((client, settings, cancel) =>
      maskSubject(this.host, client, settings, cancel, (progress) => this.showRun(cancel, progress)),
    );
  }

  /** Writes the last mask again, with the edge controls as they are. */
  async applyEdge(): Promise<void> {
    const { refinable } = this;
    if (refinable === null) return;
    await this.start((client, settings, cancel) => {
      const asked = { ...settings, edge: this.edge.controls };
      return applyEdge(this.host, client, refinable, asked, cancel, (progress) => this.showRun(cancel, progress));
    });
  }

  /** Goes on with the run that asked what to do with a mask. */
  async answer(existingMask: Exclude<MaskPolicy, 'ask'>, remember: boolean): Promise<void> {
    const { pending } = this;
    if (pending === null) return;
    if (remember) this.around.memory.choose({ existingMask });
    await this.start((client, settings, cancel) => pending(client, { ...settings, existingMask }, cancel));
  }

  /** Answers with whether Photoshop lets the panel use what was typed. */
  private async chooseAddress(typed: string): Promise<boolean> {
    // A host that will not show us the manifest has the ordinary one.
    const permitted = await this.around.readPermittedOrigins().catch(() => ORIGINS);
    const address = typed.trim() === '' ? '' : readAddress(typed, permitted);
    if (address === null) return false;
    this.around.memory.chooseAddress(address);
    void this.watch.restart();
    return true;
  }

  cancel(): void {
    this.run?.cancel();
    this.pending = null;
    if (this.panel.name === 'asking') this.show({ name: 'cancelled' });
  }

  watchServer(): void {
    void this.watch.start();
  }

  /** Ends everything that goes on by itself. */
  stop(): void {
    this.watch.stop();
    this.edge.stop();
  }

  private async start(command: Command): Promise<PanelState> {
    if (this.run !== null) return { name: 'failed', error: new PluginError('ALREADY_RUNNING') };
    const cancel = new Cancellation();
    this.run = cancel;
    this.pending = null;
    let end: PanelState;
    try {
      const result = await command(this.watch.client, this.around.memory.settings, cancel);
      this.watch.noteRun(result);
      this.around.memory.noteWelcome();
      this.noteRefinable(result.refinable);
      end = { name: 'done', result };
    } catch (error) {
      end = this.endOf(error, command);
    }
    this.run = null;
    this.show(end);
    this.edge.resume();
    return end;
  }

  private endOf(error: unknown, command: Command): PanelState {
    if (error instanceof Cancelled) return { name: 'cancelled' };
    if (!(error instanceof PluginError) || error.code !== 'MASK_EXISTS') return { name: 'failed', error };
    this.pending = command;
    return { name: 'asking', layer: error.values.layer ?? '' };
  }

  private noteRefinable(refinable: Refinable | null): void {
    this.refinable = refinable;
    if (refinable === null) {
      this.edge.note(null, this.around.memory.settings.edge);
      return;
    }
    const { layerName: layer, width, height } = refinable;
    const made: Previewable = {
      layer,
      width,
      height,
      preview: async (request, cancel) => {
        const server = await this.watch.server(cancel);
        const { matteId } = this.refinable ?? refinable;
        try {
          if (matteId !== null) return await this.watch.client.preview(server, matteId, request, cancel);
        } catch (thrown) {
          if (!isServerError(thrown, 'MATTE_GONE')) throw thrown;
        }
        const renewed = await renewMatte(this.host, this.watch.client, refinable, cancel, () => {});
        this.refinable = renewed;
        if (renewed.matteId === null) throw new PluginError('NOT_KEPT');
        return this.watch.client.preview(server, renewed.matteId, request, cancel);
      },
    };
    this.edge.note(made, refinable.settings.edge);
  }

  /** Late news of a cancelled run must not draw over how it ended. */
  private showRun(run: Cancellation, progress: PanelState): void {
    if (this.run === run && !run.cancelled) this.show(progress);
  }

  private show(panel: PanelState): void {
    this.panel = panel;
    // Its documents and its server belong to the run.
    if (isRunning(panel)) this.edge.stop();
    this.draw(this.view);
  }
}
