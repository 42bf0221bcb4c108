import { commands, convertBackground, copyOf } from './commands.ts';
import type { HostDocument } from './document.ts';
import { HostError, missingDocument, missingLayer, notAvailable } from './errors.ts';
import type { Rect } from './geometry.ts';
import type { HostLayer, Locks } from './layer.ts';
import { expand } from './pixels.ts';
import type { HostState } from './state.ts';

export interface DomBounds extends Rect {
  width: number;
  height: number;
}

export const domBounds = (r: Rect): DomBounds => ({ ...r, width: r.right - r.left, height: r.bottom - r.top });

/** A plain array with the look-up by name that Photoshop's collections have. */
export type Collection<T> = T[] & { getByName(name: string): T | null };

/** What a layer needs of the object API that it is part of. */
export interface LayerDom {
  readonly host: HostState;
  document(doc: HostDocument): object;
  layer(doc: HostDocument, layer: HostLayer): DomLayer;
  hostLayer(facade: unknown): HostLayer | undefined;
  collection<T extends { readonly name: string }>(items: T[]): Collection<T>;
}

/** A layer as the plugin's object API shows it. */
export class DomLayer {
  readonly #dom: LayerDom;
  readonly #doc: HostDocument;
  readonly #layer: HostLayer;

  constructor(dom: LayerDom, doc: HostDocument, layer: HostLayer) {
    this.#dom = dom;
    this.#doc = doc;
    this.#layer = layer;
    partsOf.set(this, { dom, doc, layer });
  }

  get id(): number {
    return this.#layer.id;
  }
  get name(): string {
    return read(this).name;
  }
  set name(name: string) {
    change(this, 'Rename Layer', (layer) => {
      layer.name = String(name);
    });
  }
  get kind(): string {
    return read(this).kind;
  }
  get bounds(): DomBounds {
    return domBounds(read(this).boundsFor(this.#dom.host.faults));
  }
  get boundsNoEffects(): DomBounds {
    return domBounds(read(this).boundsFor(this.#dom.host.faults));
  }
  get visible(): boolean {
    return read(this).visible;
  }
  set visible(visible: boolean) {
    change(this, visible ? 'Show Layer' : 'Hide Layer', (layer) => {
      layer.visible = Boolean(visible);
    });
  }
  get opacity(): number {
    return read(this).opacity;
  }
  set opacity(opacity: number) {
    change(this, 'Opacity Change', (layer) => {
      layer.opacity = Number(opacity);
    });
  }
  get blendMode(): string {
    return read(this).blendMode;
  }
  set blendMode(mode: string) {
    change(this, 'Blending Change', (layer) => {
      if (mode === 'passThrough' && layer.kind !== 'group') throw new HostError('blendMode: only groups pass through');
      layer.blendMode = String(mode);
    });
  }
  get isClippingMask(): boolean {
    return read(this).clipped;
  }
  set isClippingMask(clipped: boolean) {
    const { doc } = partsOf.get(this)!;
    change(this, clipped ? 'Create Clipping Mask' : 'Release Clipping Mask', (layer) => {
      const siblings = doc.siblingsOf(layer);
      const index = siblings.indexOf(layer);
      if (clipped && index === siblings.length - 1) throw notAvailable('Create Clipping Mask');
      // Releasing a layer releases what is clipped above it too.
      for (let i = index - 1; !clipped && layer.clipped && i >= 0 && siblings[i]!.clipped; i--) {
        siblings[i]!.clipped = false;
      }
      layer.clipped = Boolean(clipped);
    });
  }
  get isBackgroundLayer(): boolean {
    return read(this).isBackground;
  }
  set isBackgroundLayer(background: boolean) {
    const layer = read(this);
    this.#dom.host.modal.requireFor('set');
    if (background === layer.isBackground) return;
    if (background) throw new HostError('Making a Background from a layer is not simulated.');
    convertBackground(this.#dom.host, this.#doc, {});
  }
  get allLocked(): boolean {
    return read(this).locks.all;
  }
  set allLocked(locked: boolean) {
    lock(this, { all: Boolean(locked) });
  }
  get pixelsLocked(): boolean {
    return read(this).locks.pixels;
  }
  set pixelsLocked(locked: boolean) {
    lock(this, { pixels: Boolean(locked) });
  }
  get transparentPixelsLocked(): boolean {
    return read(this).locks.transparency;
  }
  set transparentPixelsLocked(locked: boolean) {
    lock(this, { transparency: Boolean(locked) });
  }
  get positionLocked(): boolean {
    return read(this).locks.position;
  }
  set positionLocked(locked: boolean) {
    lock(this, { position: Boolean(locked) });
  }
  get locked(): boolean {
    return Object.values(read(this).locks).some(Boolean);
  }
  get layerMaskDensity(): number {
    return read(this).mask?.density ?? 100;
  }
  set layerMaskDensity(density: number) {
    change(this, 'Layer Mask Density', (layer) => {
      if (!layer.mask) throw new HostError('The layer does not have a user mask.');
      layer.mask = { ...layer.mask, density: Number(density) };
    });
  }
  get layerMaskFeather(): number {
    return read(this).mask?.feather ?? 0;
  }
  set layerMaskFeather(feather: number) {
    change(this, 'Layer Mask Feather', (layer) => {
      if (!layer.mask) throw new HostError('The layer does not have a user mask.');
      layer.mask = { ...layer.mask, feather: Number(feather) };
    });
  }
  /** Only groups have layers. */
  get layers(): Collection<DomLayer> | null {
    const layer = read(this);
    if (layer.kind !== 'group') return null;
    return this.#dom.collection(layer.children.map((child) => this.#dom.layer(this.#doc, child)));
  }
  get parent(): DomLayer | null {
    const { parent } = read(this);
    return parent ? this.#dom.layer(this.#doc, parent) : null;
  }
  get document(): object {
    return this.#dom.document(this.#doc);
  }
  get selected(): boolean {
    return this.#doc.activeLayers.includes(read(this));
  }

  /** Into another document if one is given; else right above. */
  async duplicate(target?: object): Promise<DomLayer> {
    const { dom, doc } = partsOf.get(this)!;
    const other = dom.host.documents.find((one) => target !== undefined && dom.document(one) === target);
    if (other && other !== doc) {
      const layer = read(this);
      dom.host.modal.requireFor('duplicate');
      await dom.host.modal.enterCall();
      const copy = copyOf(other, layer);
      copy.parent = null;
      moveBy(copy, dom.host.faults.copiesLandOff);
      other.layers.unshift(copy);
      other.activeLayers = [copy];
      other.history.record('Duplicate Layer');
      return dom.layer(other, copy);
    }
    run(this, 'duplicate');
    return this.#dom.layer(this.#doc, this.#doc.activeLayers[0]!);
  }

  async rasterize(what: string): Promise<void> {
    const { dom, doc } = partsOf.get(this)!;
    await dom.host.modal.enterCall();
    if (what !== 'entire' || read(this).kind === 'pixel') throw notAvailable('Rasterize');
    change(this, 'Rasterize', (layer) => {
      layer.pixels ??= expand(null, doc.rect, doc.depth, 4, 0);
      layer.kind = 'pixel';
    });
  }

  delete(): void {
    run(this, 'delete');
  }

  move(relative: DomLayer, placement: string): void {
    const { doc, dom } = partsOf.get(this)!;
    const beside = dom.hostLayer(relative);
    if (!beside || !doc.allLayers.includes(beside)) throw new HostError('move: not a layer of this document');
    if (placement !== 'placeBefore') throw new HostError(`move: ${placement} is not simulated`);
    change(this, 'Layer Order', (layer) => {
      if (layer === beside || beside.parent?.locked || layer.isBackground) throw notAvailable('Move');
      const from = doc.siblingsOf(layer);
      from.splice(from.indexOf(layer), 1);
      layer.parent = beside.parent;
      const siblings = doc.siblingsOf(layer);
      insertLayer(dom.host, siblings, layer, siblings.indexOf(beside));
    });
  }
}

/** Puts a layer right above the one at `index`. Between a layer and those clipped to it it may join them. */
export function insertLayer(host: HostState, siblings: HostLayer[], layer: HostLayer, index: number): void {
  const above = siblings[index - 1];
  siblings.splice(Math.max(0, index), 0, layer);
  if (above?.clipped && host.faults.insertedJoinsClipping) layer.clipped = true;
}

function moveBy(layer: HostLayer, by: number): void {
  if (layer.pixels) layer.pixels = { ...layer.pixels, left: layer.pixels.left + by, top: layer.pixels.top + by };
  if (layer.mask) layer.mask = { ...layer.mask, left: layer.mask.left + by, top: layer.mask.top + by };
  for (const child of layer.children) moveBy(child, by);
}

interface Parts {
  readonly dom: LayerDom;
  readonly doc: HostDocument;
  readonly layer: HostLayer;
}

/** Outside the class: whatever a class has, plugins can reach. */
const partsOf = new WeakMap<DomLayer, Parts>();

/** The layer, if its document is still open and undo has not taken it away. */
function read(facade: DomLayer): HostLayer {
  const { doc, layer, dom } = partsOf.get(facade)!;
  dom.host.modal.requireNotCancelled();
  if (!doc.open) throw missingDocument(doc.id);
  if (!doc.allLayers.includes(layer)) throw missingLayer(layer.id);
  return layer;
}

function change(facade: DomLayer, name: string, apply: (layer: HostLayer) => void): void {
  const { dom, doc } = partsOf.get(facade)!;
  const layer = read(facade);
  dom.host.modal.requireFor('set');
  apply(layer);
  doc.history.record(name);
}

function lock(facade: DomLayer, locks: Partial<Locks>): void {
  change(facade, 'Lock Layers', (layer) => {
    layer.locks = { ...layer.locks, ...locks };
  });
}

function run(facade: DomLayer, command: 'duplicate' | 'delete'): void {
  const { dom, doc } = partsOf.get(facade)!;
  const layer = read(facade);
  dom.host.modal.requireFor(command);
  const target = [
    { _ref: 'layer', _id: layer.id },
    { _ref: 'document', _id: doc.id },
  ];
  commands[command]!(dom.host, { _target: target });
}
