import type { HostDocument } from './document.ts';
import { HostError, missingDocument, missingLayer } from './errors.ts';
import type { Progress } from './execution-context.ts';
import { defaultFaults, type Faults } from './faults.ts';
import { ImageMemory } from './image-memory.ts';
import type { HostLayer } from './layer.ts';
import { Modal } from './modal.ts';

export interface HostOptions {
  /** Photoshop's version; a manifest that asks for more does not load. */
  version?: string;
  /** On darwin, http:// to a host name fails while IP literals work. */
  platform?: 'win32' | 'darwin';
  /** What os.platform() says; documentation has win32, win10 and windows. Default: `platform`. */
  osPlatform?: string;
  uiLocale?: string;
  theme?: Theme;
  /** The RGB profile of the user's color settings. */
  workingSpace?: string;
  /**
   * How manifest network.domains are matched: see network.ts. `names` (the default, as plugin authors report): exactly, but
   * addresses in numbers never; `literals`: those only; `none`: nothing, also where the manifest says "all".
   */
  permissionMatching?: 'exact' | 'names' | 'literals' | 'premiere' | 'all' | 'none';
  /** Milliseconds until `::1`, which is tried first for `localhost`, has refused (Windows: 2000); 0: it is not tried. */
  slowLocalhost?: number;
  /** What `src` and `href` of the page are relative to; authors report the root of the plugin (default). */
  addressBase?: 'root' | 'page';
  /** imaging.get* outside a modal scope rejects (default true). */
  strictReads?: boolean;
  /** The Origin header of the plugin's requests; null sends none. */
  originHeader?: 'file://' | null;
  /**
   * Loopback ports as the plugin sees them -> real ports; a port not listed refuses connections. So a test needs no
   * fixed port, and meets no server of the user. Null: the real ports.
   */
  ports?: Readonly<Record<number, number>> | null;
  /** Whether TextEncoder and TextDecoder exist; UXP's documentation does not say (default true). */
  textCoding?: boolean;
  faults?: Partial<Faults>;
}

export type Theme = 'darkest' | 'dark' | 'light' | 'lightest';

export interface RecordedStep {
  readonly name: string;
  readonly methodName: string;
  info: unknown;
  /** A plugin menu command, which Photoshop records by itself and without settings. */
  readonly command?: string;
}

/** What a file picker is for, and the name it offers. */
export interface FilePicker {
  readonly purpose: 'open' | 'save';
  readonly suggested: string | null;
}

type Listener = (event: string, descriptor: unknown) => void;

/** What all plugins of one simulated Photoshop share. */
export class HostState {
  readonly options: Required<Omit<HostOptions, 'faults'>>;
  readonly faults: Faults;
  readonly modal: Modal;
  readonly memory = new ImageMemory();
  readonly alerts: string[] = [];
  /** Names that were refused, also where the plugin then did without. */
  readonly refusedProfiles: string[] = [];
  /** Never, until the user has closed the box that a command raised. */
  alertClosed: Promise<void> = Promise.resolve();
  #closeAlert: () => void = () => {};
  /** What plugins reported to the host's progress bar. */
  readonly progress: Progress[] = [];
  /** Steps of the Action being recorded; null while nothing is recorded. */
  recording: RecordedStep[] | null = null;
  documents: HostDocument[] = [];
  /** Copies that plugins saved. */
  readonly saved: { documentId: number; format: string; file: string }[] = [];
  /** Files behind session tokens. */
  readonly tokens = new Map<string, string>();
  /** Imaging calls and commands of plugins, in order. */
  readonly calls: { name: string; failed: boolean }[] = [];
  /** Around every imaging call: where a test lets Photoshop answer otherwise. */
  onImaging: (name: string, options: unknown, run: () => Promise<unknown>) => Promise<unknown> = (
    _name,
    _options,
    run,
  ) => run();
  /** The user answers a folder picker; null is Cancel. */
  onPickFolder: () => string | null = () => null;
  /** The user answers a file picker; null is Cancel. */
  onPickFile: (asked: FilePicker) => string | null = () => null;
  /** What the user, or a plugin, has copied. */
  clipboard = '';
  theme: Theme;
  readonly listeners = new Map<string, Set<Listener>>();
  #active: HostDocument | null = null;
  #nextDocumentId = 59;

  constructor(options: HostOptions) {
    this.options = {
      version: options.version ?? '26.0.0',
      platform: options.platform ?? 'win32',
      osPlatform: options.osPlatform ?? options.platform ?? 'win32',
      uiLocale: options.uiLocale ?? 'en_US',
      theme: options.theme ?? 'darkest',
      workingSpace: options.workingSpace ?? 'sRGB IEC61966-2.1',
      permissionMatching: options.permissionMatching ?? 'names',
      slowLocalhost: options.slowLocalhost ?? 0,
      addressBase: options.addressBase ?? 'root',
      strictReads: options.strictReads ?? true,
      originHeader: options.originHeader ?? null,
      ports: options.ports ?? null,
      textCoding: options.textCoding ?? true,
    };
    this.theme = this.options.theme;
    this.faults = { ...defaultFaults(), ...options.faults };
    this.modal = new Modal(this);
  }

  get activeDocument(): HostDocument | null {
    return this.#active;
  }

  set activeDocument(doc: HostDocument | null) {
    if (this.#active === doc) return;
    this.#active = doc;
    if (doc) this.notify('select', { _target: [{ _ref: 'document', _id: doc.id }], documentID: doc.id });
  }

  /** A box of Photoshop's own: everything waits for the user. */
  raiseAlert(text: string): void {
    this.alerts.push(text);
    this.alertClosed = new Promise((resolve) => {
      this.#closeAlert = resolve;
    });
  }

  closeAlert(): void {
    this.#closeAlert();
  }

  /** What Photoshop adds to the profile names of 32-bit documents it takes from no plugin. */
  checkProfile(call: string, name: string | undefined): void {
    if (!name?.includes('(Linear RGB Profile)')) return;
    this.refusedProfiles.push(name);
    throw new HostError(`${call}: invalid color profile ${name}`);
  }

  nextId(): number {
    return this.#nextDocumentId++;
  }

  add(doc: HostDocument): HostDocument {
    doc.onActiveLayersChanged = () =>
      this.notify('select', {
        _target: doc.activeLayers.map((layer) => ({ _ref: 'layer', _name: layer.name })),
        layerID: doc.activeLayers.map((layer) => layer.id),
        documentID: doc.id,
      });
    this.documents.push(doc);
    this.#active = doc;
    this.notify('open', { documentID: doc.id });
    return doc;
  }

  close(doc: HostDocument): void {
    doc.open = false;
    this.documents = this.documents.filter((other) => other !== doc);
    if (this.#active === doc) this.#active = this.documents.at(-1) ?? null;
    this.notify('close', { documentID: doc.id });
  }

  /** The document with this id; the active one when the id is missing or negative. */
  document(id: number | undefined): HostDocument {
    const doc = id === undefined || id < 0 ? this.#active : this.documents.find((other) => other.id === id);
    if (!doc) throw missingDocument(id);
    return doc;
  }

  layer(doc: HostDocument, id: number | undefined): HostLayer {
    const layer = id === undefined ? undefined : doc.layerById(id);
    if (!layer) throw missingLayer(id);
    return layer;
  }

  /** Action notifications; Photoshop mutes them while a plugin holds a non-interactive modal scope. */
  notify(event: string, descriptor: unknown): void {
    if (this.modal?.mutesNotifications) return;
    for (const name of [event, 'all']) {
      for (const listener of this.listeners.get(name) ?? []) setImmediate(() => listener(event, descriptor));
    }
  }

  atLeast(version: string): boolean {
    return compareVersions(this.options.version, version) >= 0;
  }
}

export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (x![i] ?? 0) - (y![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
