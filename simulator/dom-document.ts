import { copyOf } from './commands.ts';
import { flatten } from './composite.ts';
import { modeConstants } from './constants.ts';
import { HostDocument } from './document.ts';
import { type Collection, type DomBounds, type DomLayer, domBounds, insertLayer, type LayerDom } from './dom-layer.ts';
import { HostError, missingDocument, notAvailable } from './errors.ts';
import { filledMask, type LayerMask, maskRaster, maskRect } from './layer-mask.ts';
import { boundsOfContent } from './pixels.ts';
import { type FileFormat, saveCopy } from './save.ts';
import type { PluginSession } from './session.ts';
import { fileOf } from './storage.ts';

/** Photoshop's other formats, and saving without `asCopy`, are not simulated. */
type SaveAs = (entry: unknown, options?: unknown, asCopy?: boolean) => Promise<void>;

interface NamedState {
  readonly id: number;
  readonly name: string;
}

/** What a document needs of the object API that it is part of. */
export interface DocumentDom extends LayerDom {
  readonly session: PluginSession;
  document(doc: HostDocument): DomDocument;
}

/** A document as the plugin's object API shows it. */
export class DomDocument {
  readonly #dom: DocumentDom;
  readonly #doc: HostDocument;

  constructor(dom: DocumentDom, doc: HostDocument) {
    this.#dom = dom;
    this.#doc = doc;
    partsOf.set(this, { dom, doc });
  }

  get id(): number {
    return this.#doc.id;
  }
  get name(): string {
    return read(this).name;
  }
  get title(): string {
    return read(this).name;
  }
  get path(): string {
    return read(this).path;
  }
  get cloudDocument(): boolean {
    return read(this).cloud;
  }
  get width(): number {
    return read(this).width;
  }
  get height(): number {
    return read(this).height;
  }
  get resolution(): number {
    return read(this).resolution;
  }
  get mode(): string {
    return modeConstants[read(this).mode];
  }
  get bitsPerChannel(): string {
    const { mode, depth } = read(this);
    return mode === 'Bitmap' ? 'bitDepth1' : `bitDepth${depth}`;
  }
  get colorProfileName(): string {
    return read(this).depth === 32 ? 'sRGB IEC61966-2.1 (Linear RGB Profile)' : 'sRGB IEC61966-2.1';
  }
  get quickMaskMode(): boolean {
    return read(this).quickMask;
  }
  get saved(): boolean {
    return read(this).history.entries.length <= 1;
  }
  get layers(): Collection<DomLayer> {
    const doc = read(this);
    const layers = this.#dom.collection(doc.layers.map((layer) => this.#dom.layer(doc, layer)));
    const add = this.#dom.session.boundary.wrap(() => this.createPixelLayer());
    return Object.defineProperty(layers, 'add', { value: add, enumerable: false });
  }
  get activeLayers(): Collection<DomLayer> {
    const doc = read(this);
    return this.#dom.collection(doc.activeLayers.map((layer) => this.#dom.layer(doc, layer)));
  }
  set activeLayers(layers: Collection<DomLayer>) {
    const doc = read(this);
    if (!this.#dom.host.atLeast('26.9')) throw new HostError('activeLayers has only a getter', { kind: 'TypeError' });
    this.#dom.host.modal.requireFor('select');
    doc.activeLayers = Array.from(layers, (facade) => {
      const layer = this.#dom.hostLayer(facade);
      if (!layer || !doc.allLayers.includes(layer)) throw new HostError('activeLayers: not a layer of this document');
      return layer;
    });
  }
  get artboards(): Collection<DomLayer> {
    const doc = read(this);
    return this.#dom.collection(
      doc.layers.filter(({ artboard }) => artboard).map((layer) => this.#dom.layer(doc, layer)),
    );
  }
  get backgroundLayer(): DomLayer | null {
    const layer = read(this).backgroundLayer;
    return layer ? this.#dom.layer(this.#doc, layer) : null;
  }
  get historyStates(): Collection<NamedState> {
    return this.#dom.collection(read(this).history.entries.map(({ id, name }) => ({ id, name })));
  }
  get activeHistoryState(): NamedState {
    const { history } = read(this);
    const { id, name } = history.entries[history.position]!;
    return { id, name };
  }
  set activeHistoryState(state: NamedState) {
    const { history } = read(this);
    this.#dom.host.modal.requireFor('select');
    const index = history.entries.findIndex((entry) => entry.id === state?.id);
    if (!history.goTo(index)) throw new HostError('No such history state.');
  }
  get selection(): DomSelection {
    read(this);
    return this.#dom.session.boundary.expose(new DomSelection(this));
  }
  /** The picture's own channels first. */
  get channels(): Collection<{ name: string; kind: string; remove(): void }> {
    const doc = read(this);
    const { boundary } = this.#dom.session;
    const remove = (name: string) =>
      boundary.wrap(() => {
        edit(this, 'Delete Channel', () => {
          doc.channels = doc.channels.filter((channel) => channel.name !== name);
        });
      });
    const refuse = boundary.wrap(() => {
      throw new HostError('channel.remove: a component channel stays');
    });
    const own = doc.componentNames.map((name) => ({ name, kind: 'component', remove: refuse }));
    const saved = doc.channels.map(({ name }) => ({ name, kind: 'maskedAreas', remove: remove(name) }));
    return this.#dom.collection([...own, ...saved]);
  }

  async createLayer(kind: unknown = 'pixel', options: { name?: string } = {}): Promise<DomLayer> {
    if (typeof kind === 'object') return this.createLayer('pixel', (kind ?? {}) as { name?: string });
    if (kind === 'pixel') return this.createPixelLayer(options);
    if (kind === 'group') return this.createLayerGroup(options);
    throw new HostError(`createLayer: ${kind} is not simulated`);
  }

  /** With nothing in it. */
  async createLayerGroup(options: { name?: string; fromLayers?: unknown } = {}): Promise<DomLayer> {
    if (options.fromLayers !== undefined) throw new HostError('createLayerGroup: fromLayers is not simulated');
    return this.#create('group', options.name ?? 'Group');
  }

  /** Above the active layer, and at the top of a group that is active; see `Faults`. */
  async createPixelLayer(options: { name?: string } = {}): Promise<DomLayer> {
    return this.#create('pixel', options.name ?? 'Layer');
  }

  #create(kind: 'pixel' | 'group', name: string): DomLayer {
    const doc = read(this);
    this.#dom.host.modal.requireFor('make');
    const below = doc.activeLayers[0];
    const { newLayersOnTop } = this.#dom.host.faults;
    const inside = newLayersOnTop ? null : below?.kind === 'group' ? below : (below?.parent ?? null);
    if (inside?.locked) throw notAvailable('Make');
    const layer = doc.newLayer(name, kind);
    layer.parent = inside;
    const siblings = inside ? inside.children : doc.layers;
    const index = below && below !== inside && !newLayersOnTop ? siblings.indexOf(below) : 0;
    insertLayer(this.#dom.host, siblings, layer, index);
    doc.activeLayers = [layer];
    doc.history.record(kind === 'group' ? 'New Group' : 'New Layer');
    return this.#dom.layer(doc, layer);
  }

  get saveAs(): Record<'psd' | 'png', SaveAs> {
    read(this);
    const { host, session } = this.#dom;
    const saver =
      (format: FileFormat): SaveAs =>
      async (entry, options, asCopy) => {
        host.modal.requireFor('save');
        await host.modal.enterCall();
        if (asCopy !== true) throw new HostError('saveAs: only copies are simulated');
        if (format === 'psd' && host.faults.asksForCompatibility && !maximizesCompatibility(options)) {
          host.raiseAlert('Maximize compatibility?');
          await host.alertClosed;
        }
        saveCopy(host, read(this), format, fileOf(session.boundary, entry));
      };
    return session.boundary.wrapAll({ psd: saver('psd'), png: saver('png') });
  }

  /** The copy is active after it. */
  async duplicate(name?: string, mergeLayersOnly = false): Promise<DomDocument> {
    const doc = read(this);
    const { host } = this.#dom;
    host.modal.requireFor('duplicate');
    await host.modal.enterCall();
    const { width, height, depth, mode, resolution } = doc;
    const copy = new HostDocument(host.nextId(), { name: name ?? doc.name, width, height, depth, mode, resolution });
    copy.madeByPlugin = true;
    if (mergeLayersOnly) {
      const merged = copy.newLayer('Merged', 'pixel');
      const raster = flatten(doc, doc.layers, doc.rect);
      merged.isBackground = raster.channels === 3;
      merged.pixels = raster;
      copy.layers = [merged];
    } else copy.layers = doc.layers.map((layer) => copyOf(copy, layer));
    copy.activeLayers = copy.layers.slice(0, 1);
    copy.history.record('Duplicate Image');
    return this.#dom.document(host.add(copy));
  }

  closeWithoutSaving(): void {
    const doc = read(this);
    this.#dom.host.modal.requireFor('close');
    this.#dom.host.close(doc);
  }

  async close(saveOption?: number): Promise<void> {
    const doc = read(this);
    this.#dom.host.modal.requireFor('close');
    if (saveOption !== 0) throw new HostError('close: only SaveOptions.DONOTSAVECHANGES is simulated');
    this.#dom.host.close(doc);
  }

  async suspendHistory(callback: (context: unknown) => unknown, name: string): Promise<void> {
    const doc = read(this);
    const { host, session } = this.#dom;
    const facade = this.#dom.document(this.#doc);
    await host.modal.execute(
      session,
      async (context) => {
        const { hostControl } = context as { hostControl: import('./host-control.ts').HostControl };
        const handle = await hostControl.suspendHistory({ documentID: doc.id, name });
        const scope = Object.create(context as object, { document: { value: facade } });
        await callback(scope);
        if (typeof handle === 'object') await hostControl.resumeHistory(handle);
      },
      { commandName: name },
    );
  }
}

const maximizesCompatibility = (options: unknown) =>
  (options as { maximizeCompatibility?: boolean } | undefined)?.maximizeCompatibility === true;

/** document.selection (25.0 and later). */
class DomSelection {
  readonly #owner: DomDocument;

  constructor(owner: DomDocument) {
    this.#owner = owner;
  }

  /** null where nothing is selected. */
  get bounds(): DomBounds | null {
    const { selection } = described(this.#owner);
    return selection ? domBounds(boundsOfContent(maskRaster(selection), maskRect(selection), 0)) : null;
  }

  async deselect(): Promise<void> {
    setSelection(this.#owner, 'Deselect', () => null);
  }

  async selectAll(): Promise<void> {
    setSelection(this.#owner, 'Select Canvas', (doc) => filledMask(doc.rect, doc.depth, doc.white));
  }

  async save(name: string): Promise<void> {
    const { selection } = read(this.#owner);
    if (!selection) throw new HostError('There is no selection in the document.');
    edit(this.#owner, 'Save Selection', (doc) => {
      doc.addChannel({ name: name ?? `Alpha ${doc.channels.length + 1}`, mask: selection });
    });
  }

  async load(channel: { name: string }): Promise<void> {
    const found = read(this.#owner).channels.find((saved) => saved.name === channel?.name);
    if (!found) throw new HostError('selection.load: no such channel');
    setSelection(this.#owner, 'Load Selection', () => found.mask);
  }
}

/** Outside the classes: whatever a class has, plugins can reach. */
const partsOf = new WeakMap<DomDocument, { dom: DocumentDom; doc: HostDocument }>();

function read(facade: DomDocument): HostDocument {
  const { dom, doc } = partsOf.get(facade)!;
  dom.host.modal.requireNotCancelled();
  if (!doc.open) throw missingDocument(doc.id);
  return doc;
}

/** The document that `selection` tells of. */
function described(facade: DomDocument): HostDocument {
  const doc = read(facade);
  const { activeDocument, faults } = partsOf.get(facade)!.dom.host;
  if (doc === activeDocument || activeDocument === null || faults.inactiveSelection === 'own') return doc;
  if (faults.inactiveSelection === 'throws') throw new HostError('The document is not active.');
  return activeDocument;
}

function edit(facade: DomDocument, name: string, apply: (doc: HostDocument) => void): void {
  const doc = read(facade);
  partsOf.get(facade)!.dom.host.modal.requireFor('set');
  apply(doc);
  doc.history.record(name);
}

function setSelection(facade: DomDocument, name: string, value: (doc: HostDocument) => LayerMask | null): void {
  edit(facade, name, (doc) => {
    doc.selection = value(doc);
  });
}
