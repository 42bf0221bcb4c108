import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HostDocument, type Mode, type NewDocument } from './document.ts';
import type { Progress } from './execution-context.ts';
import type { Faults } from './faults.ts';
import { type PhotoshopModule, photoshopModule } from './photoshop-module.ts';
import { type Depth, depthOf, type PixelData, withAlpha } from './pixels.ts';
import { LoadedPlugin, type PluginStore } from './plugin.ts';
import { documentFromPsd, psdFromDocument } from './psd.ts';
import { Boundary, hostRealm } from './realm.ts';
import { type FilePicker, type HostOptions, HostState, type RecordedStep, type Theme } from './state.ts';

export interface NewPicture {
  name?: string;
  /** Where the file lies; absent for a document that was never saved. */
  path?: string;
  cloud?: boolean;
  width: number;
  height: number;
  depth?: Depth;
  mode?: Mode;
  resolution?: number;
  /** Interleaved RGB or RGBA whatever the mode; 16-bit as 0..32768. */
  data: PixelData;
  channels: 3 | 4;
  /** Default: true for 3 channels. */
  asBackground?: boolean;
}

/** Photoshop, as far as a mask-making plugin can tell. */
export class SimulatedPhotoshop {
  /** Called on entering and leaving the outermost modal scope: where a test lets the user do things. */
  onModalEnter: ((commandName: string) => void) | undefined;
  onModalExit: ((commandName: string) => void) | undefined;
  /** Called in the middle of every call that takes a moment: the same moments on every computer. */
  onCall: (() => void) | undefined;
  readonly plugins: LoadedPlugin[] = [];
  readonly #host: HostState;
  readonly #stores = new Map<string, PluginStore>();
  #folder: string | null = null;

  constructor(options: HostOptions = {}) {
    this.#host = new HostState(options);
    this.#host.modal.onEnter = (name) => this.onModalEnter?.(name);
    this.#host.modal.onExit = (name) => this.onModalExit?.(name);
    this.#host.modal.onCall = () => this.onCall?.();
  }

  get faults(): Faults {
    return this.#host.faults;
  }
  get documents(): readonly HostDocument[] {
    return this.#host.documents;
  }
  get activeDocument(): HostDocument | null {
    return this.#host.activeDocument;
  }
  set activeDocument(doc: HostDocument | null) {
    this.#host.activeDocument = doc;
  }
  get imageDataAlive(): number {
    return this.#host.memory.alive;
  }
  get peakImageBytes(): number {
    return this.#host.memory.peakBytes;
  }
  get memoryWarnings(): number {
    return this.#host.memory.warnings;
  }
  get bytesCopied(): number {
    return this.#host.memory.copied;
  }
  /** Wall time of every outermost modal scope. */
  get modalLog(): readonly { commandName: string; ms: number }[] {
    return this.#host.modal.log;
  }
  /** Copies that plugins saved. */
  get saved(): readonly { documentId: number; format: string; file: string }[] {
    return this.#host.saved;
  }
  /** Imaging calls and commands of plugins, in order. */
  get calls(): readonly { name: string; failed: boolean }[] {
    return this.#host.calls;
  }
  /** Around every imaging call: where a test lets Photoshop answer otherwise. */
  set onImaging(answer: (name: string, options: unknown, run: () => Promise<unknown>) => Promise<unknown>) {
    this.#host.onImaging = answer;
  }
  /** What the user does in a folder picker; null is Cancel. */
  set onPickFolder(pick: () => string | null) {
    this.#host.onPickFolder = pick;
  }
  /** What the user does in a file picker; null is Cancel. */
  set onPickFile(pick: (asked: FilePicker) => string | null) {
    this.#host.onPickFile = pick;
  }
  get isModal(): boolean {
    return this.#host.modal.isModal;
  }
  get alerts(): readonly string[] {
    return this.#host.alerts;
  }
  /** Names of profiles that were refused, also where the plugin then did without. */
  get refusedProfiles(): readonly string[] {
    return this.#host.refusedProfiles;
  }
  get progress(): readonly Progress[] {
    return this.#host.progress;
  }
  set theme(theme: Theme) {
    this.#host.theme = theme;
  }

  openPsd(bytes: Uint8Array, name = 'Untitled.psd'): HostDocument {
    return this.#host.add(documentFromPsd(this.#host.nextId(), bytes, name));
  }

  savePsd(doc: HostDocument): Uint8Array {
    return psdFromDocument(doc);
  }

  /** A photo: one layer, a Background unless it has alpha. */
  openPixels(picture: NewPicture): HostDocument {
    const { data, channels, asBackground = channels === 3, ...about } = picture;
    if (data.length !== about.width * about.height * channels)
      throw new Error('openPixels: data does not fit the size');
    const doc = new HostDocument(this.#host.nextId(), { ...about, depth: about.depth ?? depthOf(data) });
    if (doc.depth !== depthOf(data))
      throw new Error(`openPixels: ${depthOf(data)}-bit data in a ${doc.depth}-bit document`);
    if (asBackground && channels === 4) throw new Error('openPixels: a Background has no alpha');
    const layer = doc.newLayer(asBackground ? 'Background' : 'Layer 0', 'pixel');
    const raster = { left: 0, top: 0, width: doc.width, height: doc.height, channels, data };
    layer.pixels = asBackground ? raster : withAlpha(raster);
    layer.isBackground = asBackground;
    doc.layers = [layer];
    doc.activeLayers = [layer];
    doc.history.record('Open');
    return this.#host.add(doc);
  }

  createDocument(options: NewDocument): HostDocument {
    const doc = new HostDocument(this.#host.nextId(), options);
    doc.history.record('New');
    return this.#host.add(doc);
  }

  close(doc: HostDocument): void {
    this.#host.close(doc);
  }

  /** The user presses Esc, or Cancel in the progress bar. */
  cancelModal(): void {
    this.#host.modal.cancel();
  }

  /** The user clicks OK in a box of Photoshop's. */
  closeAlert(): void {
    this.#host.closeAlert();
  }

  startRecordingAction(): void {
    this.#host.recording = [];
  }

  stopRecordingAction(): RecordedStep[] {
    const steps = this.#host.recording ?? [];
    this.#host.recording = null;
    return steps;
  }

  async loadPlugin(folder: string): Promise<LoadedPlugin> {
    const plugin = await LoadedPlugin.load(this.#host, path.resolve(folder), (id) => this.#store(id));
    this.plugins.push(plugin);
    return plugin;
  }

  /** A file that a plugin keeps in its data folder. */
  dataFile(plugin: LoadedPlugin, name: string): string {
    return path.join(this.#store(plugin.manifest.id).data, name);
  }

  /** The photoshop module for direct calls, as if the test were a plugin. */
  photoshop(id = 'test'): PhotoshopModule {
    const boundary = new Boundary(hostRealm);
    return photoshopModule(this.#host, { id, boundary, globals: {}, errors: [] });
  }

  async dispose(): Promise<void> {
    for (const plugin of this.plugins.splice(0)) await plugin.unload();
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  #store(id: string): PluginStore {
    let store = this.#stores.get(id);
    if (!store) {
      this.#folder ??= mkdtempSync(path.join(os.tmpdir(), 'simulated-photoshop-'));
      const [data, temporary] = ['data', 'temporary'].map((kind) =>
        path.join(this.#folder!, `${this.#stores.size}-${kind}`),
      );
      mkdirSync(data!);
      mkdirSync(temporary!);
      store = { local: new Map(), secrets: new Map(), data: data!, temporary: temporary! };
      this.#stores.set(id, store);
    }
    return store;
  }
}
