import { type Cancellation, Cancelled } from '../cancellation.ts';
import { readAddress } from '../client/address.ts';
import type { Client } from '../client/client.ts';
import { ORIGINS } from '../client/server-finder.ts';
import { applyEdge, renewMatte } from '../commands/apply-edge.ts';
import { maskSubject } from '../commands/mask-subject.ts';
import type { Refinable, Result } from '../commands/result.ts';
import { isServerError, PluginError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Settings } from '../settings/settings.ts';
import type { SettingsMemory } from '../settings/settings-memory.ts';
import { EdgeSession, type Previewable } from './edge-session.ts';
import type { Intents } from './intents.ts';
import { alone, type OneRun, type RunScope } from './one-run.ts';
import { ServerWatch } from './server-watch.ts';
import { type Answer, isRunning, type PanelState, type View } from './state.ts';

/** What of the computer a session needs beside Photoshop and the server. */
export interface PanelServices {
  readonly memory: SettingsMemory;
  /** Adds a run to the Action that is being recorded, if one is. */
  record(settings: Settings): Promise<void>;
  /** Throws LAUNCH_FAILED. */
  openLauncher(): Promise<void>;
  /** Which addresses the panel may talk to. */
  readPermittedOrigins(): Promise<readonly string[] | 'all'>;
}

/** Everything of a run but the settings it is asked with, which may change when it is asked again. */
type Command = (settings: Settings, cancel: Cancellation) => Promise<Result>;

/** Owns what the panel shows and the one run there can be. The panel, menu commands and recorded steps share it. */
export class Session {
  readonly edge: EdgeSession;
  private readonly host: Host;
  private readonly services: PanelServices;
  private readonly oneRun: OneRun;
  private readonly draw: (view: View) => void;
  private readonly watch: ServerWatch;
  private panel: PanelState = { name: 'idle' };
  private run: Cancellation | null = null;
  /** What waits for an answer about a mask that is there. */
  private pending: { command: Command; settings: Settings } | null = null;
  private refinable: Refinable | null = null;

  constructor(host: Host, client: Client, services: PanelServices, oneRun: OneRun, draw: (view: View) => void) {
    this.host = host;
    this.services = services;
    this.oneRun = oneRun;
    this.draw = draw;
    const redraw = () => this.draw(this.view);
    const demand = () => (!oneRun.isRunning ? 'health' : this.panel.name === 'waiting' ? 'queue' : 'nothing');
    this.watch = new ServerWatch(client, () => services.openLauncher(), demand, redraw);
    this.edge = new EdgeSession(services.memory, redraw);
    oneRun.onIdle = () => this.edge.resume();
  }

  get view(): View {
    const { settings, address, welcomed } = this.services.memory;
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
      maskSubject: () => void this.maskAndRecord(this.settings),
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

  /** What the next run is asked for. */
  get settings(): Settings {
    return this.services.memory.settings;
  }

  /** The client, with what it learns about the server shown. */
  get client(): Client {
    return this.watch.client;
  }

  /** A run keeps what it was started for; a choice made during one is not heard. */
  choose(change: Partial<Settings>): void {
    if (!this.oneRun.isRunning) this.services.memory.choose(change);
    // In any case: the control may show already what was not heard.
    this.draw(this.view);
  }

  /** Plays a recorded step: the same run, with the step's settings; throws what made it fail. */
  async play(settings: Settings, around: RunScope): Promise<void> {
    const end = await this.maskSubject(settings, around);
    if (end.name === 'cancelled') throw new Cancelled();
    if (end.name === 'failed') throw end.error;
    if (end.name === 'asking') throw new PluginError('MASK_EXISTS', { layer: end.layer });
  }

  /** Runs "Mask subject" and answers with how it ended; never throws. */
  maskSubject(settings: Settings = this.settings, around: RunScope = alone): Promise<PanelState> {
    return this.start(this.mask, settings, around);
  }

  /** Writes the last mask again, with the edge controls as they are. */
  async applyEdge(): Promise<void> {
    const { refinable } = this;
    if (refinable === null) return;
    const command: Command = (asked, cancel) =>
      applyEdge(this.host, this.client, refinable, asked, cancel, (progress) => this.showRun(progress));
    await this.start(command, { ...this.settings, edge: this.edge.controls }, alone);
  }

  /** Goes on with the run that asked what to do with a mask. */
  async answer(existingMask: Answer, remember: boolean): Promise<void> {
    const { pending } = this;
    if (pending === null) return;
    if (remember) this.services.memory.choose({ existingMask });
    const settings = { ...pending.settings, existingMask };
    // Another edge for a mask that is there means nothing in an Action, which makes its own.
    if (pending.command === this.mask) await this.maskAndRecord(settings);
    else await this.start(pending.command, settings, alone);
  }

  /** Answers with whether Photoshop lets the panel use what was typed. */
  private async chooseAddress(typed: string): Promise<boolean> {
    // A host that will not show us the manifest has the ordinary one.
    const permitted = await this.services.readPermittedOrigins().catch(() => ORIGINS);
    const address = typed.trim() === '' ? '' : readAddress(typed, permitted);
    if (address === null) return false;
    this.services.memory.chooseAddress(address);
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

  private readonly mask: Command = (asked, cancel) =>
    maskSubject(this.host, this.client, asked, cancel, (progress) => this.showRun(progress));

  private async maskAndRecord(settings: Settings): Promise<void> {
    const end = await this.start(this.mask, settings, alone);
    if (end.name === 'done') await this.services.record(settings);
  }

  private async start(command: Command, settings: Settings, around: RunScope): Promise<PanelState> {
    if (this.oneRun.isRunning) {
      const end: PanelState = { name: 'failed', error: new PluginError('ALREADY_RUNNING') };
      // Our own run keeps showing its progress; for other runs, show why this one was refused.
      if (this.run === null) this.show(end);
      return end;
    }
    this.pending = null;
    const end = await this.oneRun.start((cancel) => this.runOnce(command, settings, cancel, around));
    this.show(end);
    if (this.watch.state.name === 'offline') this.watch.hurry();
    return end;
  }

  private async runOnce(command: Command, settings: Settings, cancel: Cancellation, around: RunScope) {
    this.run = cancel;
    try {
      const result = await around(cancel, () => command(settings, cancel));
      this.watch.noteRun(result);
      this.services.memory.noteWelcome();
      this.noteRefinable(result.refinable);
      return { name: 'done', result } as const;
    } catch (error) {
      if (error instanceof Cancelled) return { name: 'cancelled' } as const;
      if (!(error instanceof PluginError) || error.code !== 'MASK_EXISTS') return { name: 'failed', error } as const;
      this.pending = { command, settings };
      return { name: 'asking', layer: error.values.layer ?? '', refines: command === this.mask } as const;
    } finally {
      this.run = null;
    }
  }

  private noteRefinable(refinable: Refinable | null): void {
    this.refinable = refinable;
    if (refinable === null) {
      this.edge.note(null, this.services.memory.settings.edge);
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
        const renewed = await this.oneRun.startAside(cancel, async () => {
          this.refinable = await renewMatte(this.host, this.watch.client, refinable, cancel, () => {});
          return this.refinable.matteId;
        });
        if (renewed === null) throw new PluginError('NOT_KEPT');
        return this.watch.client.preview(server, renewed, request, cancel);
      },
    };
    this.edge.note(made, refinable.settings.edge);
  }

  /** Late news of a cancelled run must not draw over how it ended. */
  private showRun(progress: PanelState): void {
    if (this.run?.cancelled !== false) return;
    if (progress.name === 'waiting' && this.panel.name !== 'waiting') this.watch.hurry();
    this.show(progress);
  }

  private show(panel: PanelState): void {
    this.panel = panel;
    // Its documents and its server belong to the run.
    if (isRunning(panel)) this.edge.stop();
    this.draw(this.view);
  }
}
