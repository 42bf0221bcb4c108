import { createHash } from 'node:crypto';
import { notAvailable } from './errors.ts';
import type { Rect } from './geometry.ts';
import { rectOf } from './geometry.ts';
import { History, type HistoryEntry } from './history.ts';
import { HostLayer, type LayerKind, type LayerState, walk } from './layer.ts';
import { filledMask, type LayerMask } from './layer-mask.ts';
import { type Depth, depthOf, type PixelData, type Raster, whiteOf } from './pixels.ts';

/** Whatever the mode, the simulator stores RGB; the mode decides what the imaging API refuses or converts. */
export type Mode = 'RGB' | 'Grayscale' | 'Lab' | 'CMYK' | 'Indexed' | 'Bitmap' | 'Duotone' | 'Multichannel';

export interface NewDocument {
  name?: string;
  /** Where the file lies; absent for a document that was never saved. */
  path?: string;
  /** Its `path` is an identifier then. */
  cloud?: boolean;
  width: number;
  height: number;
  depth?: Depth;
  mode?: Mode;
  resolution?: number;
}

export interface NewLayer {
  name?: string;
  kind?: LayerKind;
  left?: number;
  top?: number;
  width?: number;
  height?: number;
  /** Interleaved RGB or RGBA in the document's depth; absent = no pixels. */
  data?: PixelData;
  channels?: 3 | 4;
  visible?: boolean;
  locked?: boolean;
  clipped?: boolean;
  artboard?: boolean;
  isBackground?: boolean;
  mask?: Partial<LayerMask> | null;
  parent?: HostLayer | null;
}

const componentNames: Partial<Record<Mode, readonly string[]>> = {
  RGB: ['Red', 'Green', 'Blue'],
  CMYK: ['Cyan', 'Magenta', 'Yellow', 'Black'],
  Lab: ['Lightness', 'a', 'b'],
  Grayscale: ['Gray'],
};

export interface SavedChannel {
  readonly name: string;
  readonly mask: LayerMask;
}

const EMPTY_METADATA =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description rdf:about=""/></rdf:RDF></x:xmpmeta>';

interface DocumentState {
  readonly width: number;
  readonly height: number;
  readonly layers: readonly LayerState[];
  readonly activeLayers: readonly HostLayer[];
  readonly selection: LayerMask | null;
  readonly channels: readonly SavedChannel[];
}

/** A document as the user sees it. Tests change it freely; plugins only through the imaging, DOM and batchPlay APIs. */
export class HostDocument {
  readonly id: number;
  name: string;
  path: string;
  readonly cloud: boolean;
  width: number;
  height: number;
  readonly depth: Depth;
  readonly mode: Mode;
  readonly resolution: number;
  layers: HostLayer[] = [];
  selection: LayerMask | null = null;
  channels: SavedChannel[] = [];
  open = true;
  /** The user is in Quick Mask mode. */
  quickMask = false;
  /** XMP, as XML. */
  metadata = EMPTY_METADATA;
  /** A plugin made it: created, or duplicated from another. */
  madeByPlugin = false;
  readonly history: History<DocumentState>;
  #active: HostLayer[] = [];
  #nextLayerId = 1;
  onActiveLayersChanged: (() => void) | null = null;

  constructor(id: number, options: NewDocument) {
    this.id = id;
    this.name = options.name ?? `Untitled-${id}`;
    this.path = options.path ?? '';
    this.cloud = options.cloud ?? false;
    this.width = options.width;
    this.height = options.height;
    this.depth = options.depth ?? 8;
    this.mode = options.mode ?? 'RGB';
    this.resolution = options.resolution ?? 72;
    this.history = new History(
      () => this.#capture(),
      (state) => this.#restore(state),
    );
  }

  get rect(): Rect {
    return rectOf(0, 0, this.width, this.height);
  }

  get white(): number {
    return whiteOf(this.depth);
  }

  get activeLayers(): HostLayer[] {
    return this.#active;
  }

  set activeLayers(layers: HostLayer[]) {
    this.#active = layers;
    this.onActiveLayersChanged?.();
  }

  get historyStates(): readonly HistoryEntry<unknown>[] {
    return this.history.entries;
  }

  get backgroundLayer(): HostLayer | null {
    return this.layers.find((layer) => layer.isBackground) ?? null;
  }

  get allLayers(): HostLayer[] {
    return [...walk(this.layers)];
  }

  findLayer(name: string): HostLayer {
    const found = this.allLayers.find((layer) => layer.name === name);
    if (!found) throw new Error(`no layer named ${name} in ${this.name}`);
    return found;
  }

  layerById(id: number): HostLayer | undefined {
    return this.allLayers.find((layer) => layer.id === id);
  }

  newLayer(name: string, kind: LayerKind, id = this.#nextLayerId): HostLayer {
    this.#nextLayerId = Math.max(this.#nextLayerId, id) + 1;
    return new HostLayer(id, name, kind);
  }

  siblingsOf(layer: HostLayer): HostLayer[] {
    return layer.parent ? layer.parent.children : this.layers;
  }

  /** The user adds a layer on top (a Background at the bottom). Makes a history state. */
  addLayer(options: NewLayer): HostLayer {
    const kind = options.kind ?? 'pixel';
    const layer = this.newLayer(options.name ?? `Layer ${this.#nextLayerId}`, kind);
    const { left = 0, top = 0, width = this.width, height = this.height, data } = options;
    if (data) layer.pixels = checkedRaster(left, top, width, height, data, options.channels, this.depth);
    layer.visible = options.visible ?? true;
    layer.locks.all = options.locked ?? false;
    layer.isBackground = options.isBackground ?? false;
    layer.clipped = options.clipped ?? false;
    layer.artboard = options.artboard ?? false;
    layer.parent = options.parent ?? null;
    if (layer.isBackground && layer.pixels?.channels === 4)
      throw new Error('a Background has no alpha: use 3 channels');
    if (layer.pixels?.channels === 3 && !layer.isBackground && layer.kind === 'pixel') {
      throw new Error('only a Background has 3 channels: use RGBA');
    }
    if (options.mask) {
      const mask = options.mask;
      const outside = mask.outside ?? 0;
      layer.mask = { ...filledMask(mask.data ? rectOf(0, 0, 0, 0) : this.rect, this.depth, outside), ...mask };
    }
    if (layer.isBackground) this.layers.push(layer);
    else this.siblingsOf(layer).unshift(layer);
    this.#active = [layer];
    this.history.record('New Layer');
    return layer;
  }

  /** Photoshop's limit of 56 channels, those of the picture included. */
  addChannel(channel: SavedChannel): void {
    if (this.componentNames.length + this.channels.length >= 56) throw notAvailable('Make');
    this.channels.push(channel);
  }

  get componentNames(): readonly string[] {
    return componentNames[this.mode] ?? ['Composite'];
  }

  undo(): boolean {
    return this.history.step(-1);
  }

  redo(): boolean {
    return this.history.step(1);
  }

  /** A hash of everything a user could lose. Which layer is active, and the history panel, are not part of it. */
  snapshot(): string {
    const hash = createHash('sha1');
    const add = (value: unknown) => hash.update(`${JSON.stringify(value)}\n`);
    const addData = (data: PixelData) => hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const addRaster = (raster: Raster | LayerMask) => {
      const { data, ...rest } = raster;
      add(rest);
      addData(data);
    };
    const addLayer = (layer: HostLayer) => {
      const { id, name, kind, visible, opacity, blendMode, isBackground, clipped, locks, hasVectorMask } = layer;
      add({ id, name, kind, visible, opacity, blendMode, isBackground, clipped, locks, hasVectorMask });
      if (layer.pixels) addRaster(layer.pixels);
      add(layer.mask !== null);
      if (layer.mask) addRaster(layer.mask);
      add(layer.children.length);
      layer.children.forEach(addLayer);
    };
    add([this.name, this.width, this.height, this.depth, this.mode, this.resolution, this.layers.length]);
    this.layers.forEach(addLayer);
    add(this.selection !== null);
    if (this.selection) addRaster(this.selection);
    for (const channel of this.channels) {
      add(channel.name);
      addRaster(channel.mask);
    }
    return hash.digest('hex');
  }

  #capture(): DocumentState {
    const { width, height, selection } = this;
    const layers = this.layers.map((layer) => layer.capture());
    return { width, height, layers, selection, activeLayers: [...this.#active], channels: [...this.channels] };
  }

  #restore(state: DocumentState): void {
    this.width = state.width;
    this.height = state.height;
    this.selection = state.selection;
    this.channels = [...state.channels];
    this.#active = [...state.activeLayers];
    this.layers = state.layers.map((saved) => {
      saved.layer.restore(saved);
      return saved.layer;
    });
  }
}

function checkedRaster(
  left: number,
  top: number,
  width: number,
  height: number,
  data: PixelData,
  channels: 3 | 4 | undefined,
  depth: Depth,
): Raster {
  const n = channels ?? data.length / (width * height);
  if (data.length !== width * height * n || (n !== 3 && n !== 4)) {
    throw new Error(`${width} x ${height} x ${n} needs ${width * height * n} values, got ${data.length}`);
  }
  if (depthOf(data) !== depth) throw new Error(`a ${depth}-bit document cannot take ${depthOf(data)}-bit pixels`);
  return { left, top, width, height, channels: n, data };
}
