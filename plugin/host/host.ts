import type { Cancellation } from '../cancellation.ts';
import type { Alpha, Bounds, Picture } from '../picture.ts';

/** Which layer a run is about. Ids, because the user may click elsewhere while the server works. */
export interface Target {
  documentId: number;
  layerId: number;
}

/** `picture`: has pixels of its own to read (pixel, text, smart object, video …). */
export type LayerKind = 'picture' | 'group' | 'adjustment' | 'fill';

/** Everything about a layer and its document that decides whether it can be masked, and whether it is still the same. */
export interface LayerFacts {
  target: Target;
  documentName: string;
  layerName: string;
  /** Canvas size in pixels. */
  width: number;
  height: number;
  /** Photoshop's constant, for example `RGBColorMode`. */
  mode: string;
  /** Bits per channel of the document. */
  depth: 8 | 16 | 32;
  quickMask: boolean;
  kind: LayerKind;
  background: boolean;
  /** What forbids masks: the layer's own full lock, or that of a group around it. */
  lock: 'layer' | 'group' | null;
  hasMask: boolean;
  /** Extent of the layer's pixels without effects; may lie beyond the canvas. */
  bounds: Bounds;
}

/** What may be done while reading, inside a modal scope. */
export interface ReadScope {
  readPixels(target: Target, region: Bounds): Promise<Picture>;
  readThumbnail: ReadThumbnail;
}

/** A few thousand pixels of the region, to see later whether it still shows the same; null if Photoshop will not. */
export type ReadThumbnail = (target: Target, region: Bounds) => Promise<Picture | null>;

/** What may be done while editing, inside a modal scope whose changes are one history state. */
export interface EditScope {
  readThumbnail: ReadThumbnail;
  /** Turns the Background into an ordinary layer as Photoshop does; answers with its new identity. */
  convertBackground(target: Target): Promise<Target>;
  /** Gives the layer a new mask of exactly the canvas size. The layer must not have one. */
  writeMask(target: Target, mask: Alpha): Promise<void>;
}

/** Photoshop, as the commands see it. Only `host/` knows the real one. */
export interface Host {
  /** The layer selected now, in the active or the given document. Throws a PluginError if there is not exactly one. */
  activeTarget(documentId?: number): Target;
  /** Throws a PluginError if the document is closed or the layer deleted. */
  inspect(target: Target): Promise<LayerFacts>;
  read<T>(cancel: Cancellation, body: (scope: ReadScope) => Promise<T>): Promise<T>;
  /** Everything `body` changes is one history state; if it throws, nothing has changed. `onBusy`: Photoshop makes us wait. */
  edit<T>(
    documentId: number,
    cancel: Cancellation,
    onBusy: () => void,
    body: (scope: EditScope) => Promise<T>,
  ): Promise<T>;
}
