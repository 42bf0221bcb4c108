import type { Faults } from './faults.ts';
import { emptyRect, intersect, isEmpty, type Rect, union } from './geometry.ts';
import { applyMask, type LayerMask } from './layer-mask.ts';
import { boundsOfContent, type Raster, rasterRect } from './pixels.ts';

export interface Locks {
  all: boolean;
  pixels: boolean;
  transparency: boolean;
  position: boolean;
}

/** Values of constants.LayerKind; adjustments have no pixels of their own. */
export const adjustmentKinds = [
  'blackAndWhite',
  'brightnessContrast',
  'channelMixer',
  'colorBalance',
  'curves',
  'exposure',
  'gradientMap',
  'hueSaturation',
  'inversion',
  'levels',
  'photoFilter',
  'posterize',
  'selectiveColor',
  'threshold',
  'vibrance',
  'colorLookup',
  'grain',
  'clarity',
] as const;
export const fillKinds = ['solidColor', 'gradientFill', 'pattern'] as const;
export type LayerKind =
  | 'pixel'
  | 'text'
  | 'group'
  | 'smartObject'
  | 'video'
  | 'threeD'
  | (typeof fillKinds)[number]
  | (typeof adjustmentKinds)[number];

export const isAdjustment = (kind: LayerKind) => (adjustmentKinds as readonly string[]).includes(kind);
export const isFill = (kind: LayerKind) => (fillKinds as readonly string[]).includes(kind);

/** Everything about a layer that undo brings back. Rasters and masks are immutable, so this is a cheap copy. */
export interface LayerState {
  readonly layer: HostLayer;
  readonly name: string;
  readonly kind: LayerKind;
  readonly pixels: Raster | null;
  readonly mask: LayerMask | null;
  readonly visible: boolean;
  readonly opacity: number;
  readonly blendMode: string;
  readonly isBackground: boolean;
  readonly clipped: boolean;
  readonly locks: Locks;
  readonly hasVectorMask: boolean;
  readonly parent: HostLayer | null;
  readonly children: readonly LayerState[];
}

const maskedBounds = new WeakMap<LayerMask, WeakMap<Raster, Rect>>();
const contentBounds = new WeakMap<Raster, Rect>();

export class HostLayer {
  readonly id: number;
  name: string;
  kind: LayerKind;
  /** RGB (a Background) or RGBA, straight alpha. Replace the raster to change it; do not write into its data. */
  pixels: Raster | null = null;
  mask: LayerMask | null = null;
  visible = true;
  /** 0..100 */
  opacity = 100;
  blendMode = 'normal';
  isBackground = false;
  /** Clipped to the nearest layer below that is not. */
  clipped = false;
  /** What an adjustment or fill layer does, as batchPlay tells it. */
  adjustment: object | null = null;
  /** Layers with the same number are linked; 0: with none. */
  linkGroup = 0;
  /** A group that is an artboard. */
  artboard = false;
  locks: Locks = { all: false, pixels: false, transparency: false, position: false };
  hasVectorMask = false;
  parent: HostLayer | null = null;
  children: HostLayer[] = [];

  constructor(id: number, name: string, kind: LayerKind) {
    this.id = id;
    this.name = name;
    this.kind = kind;
  }

  /** Locked fully, itself or through a group around it. */
  get locked(): boolean {
    return this.locks.all || (this.parent?.locked ?? false);
  }

  /** Where the layer has something, before any mask. */
  get boundsNoMask(): Rect {
    if (this.kind === 'group') return this.children.reduce((sum, child) => union(sum, child.boundsNoMask), emptyRect());
    return this.pixels ? trimmedBounds(this.pixels) : emptyRect();
  }

  get bounds(): Rect {
    if (this.kind === 'group') return this.children.reduce((sum, child) => union(sum, child.bounds), emptyRect());
    const { pixels, mask } = this;
    if (!pixels || !mask?.enabled || this.isBackground) return this.boundsNoMask;
    let byRaster = maskedBounds.get(mask);
    if (!byRaster) {
      byRaster = new WeakMap();
      maskedBounds.set(mask, byRaster);
    }
    const known = byRaster.get(pixels);
    if (known) return { ...known };
    const masked = applyMask(pixels, mask);
    const rect = boundsOfContent(masked, rasterRect(masked), 3);
    byRaster.set(pixels, rect);
    return { ...rect };
  }

  boundsFor(faults: Faults): Rect {
    return faults.boundsIgnoreMask ? this.boundsNoMask : this.bounds;
  }

  capture(): LayerState {
    const { name, kind, pixels, mask, visible, opacity, blendMode, isBackground, clipped, hasVectorMask, parent } =
      this;
    return {
      ...{
        layer: this,
        name,
        kind,
        pixels,
        mask,
        visible,
        opacity,
        blendMode,
        isBackground,
        clipped,
        hasVectorMask,
        parent,
      },
      locks: { ...this.locks },
      children: this.children.map((child) => child.capture()),
    };
  }

  restore(state: LayerState): void {
    this.name = state.name;
    this.kind = state.kind;
    this.pixels = state.pixels;
    this.mask = state.mask;
    this.visible = state.visible;
    this.opacity = state.opacity;
    this.blendMode = state.blendMode;
    this.isBackground = state.isBackground;
    this.clipped = state.clipped;
    this.locks = { ...state.locks };
    this.hasVectorMask = state.hasVectorMask;
    this.parent = state.parent;
    this.children = state.children.map((child) => {
      child.layer.restore(child);
      return child.layer;
    });
  }
}

/** Trimmed to pixels that are not fully transparent; a Background fills its raster. */
export function trimmedBounds(pixels: Raster): Rect {
  if (pixels.channels === 3) return rasterRect(pixels);
  let known = contentBounds.get(pixels);
  if (!known) {
    known = boundsOfContent(pixels, rasterRect(pixels), 3);
    contentBounds.set(pixels, known);
  }
  return { ...known };
}

export const overlap = (a: Rect, b: Rect): Rect | null => {
  const both = intersect(a, b);
  return isEmpty(both) ? null : both;
};

/** Depth first, top layer first: the order of Photoshop's layer panel. */
export function* walk(layers: readonly HostLayer[]): Generator<HostLayer> {
  for (const layer of layers) {
    yield layer;
    yield* walk(layer.children);
  }
}
