import type { Cancellation } from '../cancellation.ts';
import type { Alpha, Bounds, Picture } from '../picture.ts';
import type { Delivery } from '../settings/settings.ts';

/** Which layer a run is about. Ids, because the user may click elsewhere while the server works. */
export interface Target {
  documentId: number;
  layerId: number;
}

/** What is read: one layer by itself, or (null) all that is visible of the document. */
export interface Source {
  documentId: number;
  layerId: number | null;
}

/** `picture`: has pixels of its own to read (pixel, text, smart object, video …). */
export type LayerKind = 'picture' | 'group' | 'artboard' | 'adjustment' | 'fill';

export interface DocumentFacts {
  documentName: string;
  /** Canvas size in pixels. */
  width: number;
  height: number;
  /** Photoshop's constant, for example `RGBColorMode`. */
  mode: string;
  /** Bits per channel of the document. */
  depth: 8 | 16 | 32;
  quickMask: boolean;
}

/** Everything about a layer and its document that decides whether it can be masked, and whether it is still the same. */
export interface LayerFacts extends DocumentFacts {
  target: Target;
  layerName: string;
  kind: LayerKind;
  background: boolean;
  /** Clipped to the layer below. */
  clipped: boolean;
  /** What forbids masks: the layer's own full lock, or that of a group around it. */
  lock: 'layer' | 'group' | null;
  hasMask: boolean;
  /** Extent of the layer's pixels without effects and without its mask; may lie beyond the canvas. */
  bounds: Bounds;
}

/** What the user has selected in the Layers panel. */
export interface SelectedLayers {
  documentId: number;
  /** Top layer first. */
  layerIds: number[];
}

/** The user's selection: opacity 0..255 over its bounds, and nothing outside. */
export interface Marquee {
  bounds: Bounds;
  alpha: Alpha;
}

/** What may be done while reading, inside a modal scope. */
export interface ReadScope {
  /**
   * Pixels of the source within `region`, trimmed to where it has some, as if it had no mask. Throws EMPTY_LAYER.
   * @param deep in the document's own colors and depth, for pixels that go back into it; otherwise 8-bit sRGB
   */
  readPicture(source: Source, region: Bounds, deep: boolean): Promise<Picture>;
  readThumbnail: ReadThumbnail;
  /** The layer's mask on the whole canvas. */
  readMask(target: Target, depth: Alpha['depth']): Promise<Alpha>;
  /** Null when nothing is selected. */
  readSelection(documentId: number): Promise<Marquee | null>;
}

/** A few thousand pixels of the region, to see later whether it still shows the same; null if Photoshop will not. */
export type ReadThumbnail = (source: Source, region: Bounds) => Promise<Picture | null>;

/** What may be done while editing, inside a modal scope whose changes are one history state. */
export interface EditScope {
  readThumbnail: ReadThumbnail;
  /** Turns the Background into an ordinary layer as Photoshop does; answers with its new identity. */
  convertBackground(target: Target): Promise<Target>;
  /** The layer's mask on the whole canvas. */
  readMask(target: Target, depth: Alpha['depth']): Promise<Alpha>;
  /**
   * Gives the layer a mask of exactly the canvas size, in place of the one it may have; answers with its `fingerprint`.
   * @param keepsLook density and feather of the one it has stay
   */
  writeMask(target: Target, mask: Alpha, keepsLook: boolean): Promise<string>;
  /** Tells whether a mask is still the one that was written; null where the layer has none. */
  fingerprint(target: Target): Promise<string | null>;
  /** Keeps the mask that the layer had as an alpha channel; answers with its name. */
  keepMask(target: Target, mask: Alpha): Promise<string>;
  /** Keeps opacity of exactly the canvas size as an alpha channel. */
  addChannel(alpha: Alpha): Promise<string>;
  /** Makes opacity of exactly the canvas size the selection. */
  select(alpha: Alpha): Promise<void>;
  /** Puts a cut-out above its original (null: above everything) and hides that; answers with its name. */
  addCutout(source: Source, pixels: Picture): Promise<string>;
  /** Clips a layer with cleaner colors to the original. `share`: 0..1, its opacity. */
  addColors(target: Target, pixels: Picture, share: number): Promise<void>;
}

/** Photoshop, as the commands see it. Only `host/` knows the real one. */
export interface Host {
  /** What is selected in the active or the given document. Throws NO_DOCUMENT or DOCUMENT_CLOSED. */
  selectedLayers(documentId?: number): SelectedLayers;
  /** Throws DOCUMENT_CLOSED. */
  inspectDocument(documentId: number): DocumentFacts;
  /** Throws a PluginError if the document is closed or the layer deleted. */
  inspect(target: Target): Promise<LayerFacts>;
  read<T>(cancel: Cancellation, body: (scope: ReadScope) => Promise<T>): Promise<T>;
  /**
   * Everything `body` changes is one history state, named after the delivery; if it throws, nothing has changed.
   * `onBusy`: Photoshop makes us wait.
   */
  edit<T>(
    documentId: number,
    delivery: Delivery,
    cancel: Cancellation,
    onBusy: () => void,
    body: (scope: EditScope) => Promise<T>,
  ): Promise<T>;
}
