import type { Depth } from '../protocol/matte.ts';

/** Pixel rectangle in document coordinates; right and bottom are exclusive, as in Photoshop. */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Straight (not premultiplied) pixels; 16-bit samples are 0..65535. */
export interface Pixels {
  width: number;
  height: number;
  channels: 3 | 4;
  depth: Depth;
  data: Uint8Array | Uint16Array;
}

/** Pixels of a layer, and where in the document they lie. */
export interface Picture extends Pixels {
  left: number;
  top: number;
  /** Of which its colors are; null: sRGB, or not known. */
  profile: string | null;
}

/** Opacity per pixel. 8-bit: 0..255; 16-bit: 0..65535. */
export interface Alpha {
  width: number;
  height: number;
  depth: Depth;
  data: Uint8Array | Uint16Array;
}

export function widthOf(bounds: Bounds): number {
  return bounds.right - bounds.left;
}

export function heightOf(bounds: Bounds): number {
  return bounds.bottom - bounds.top;
}

export function isEmpty(bounds: Bounds): boolean {
  return bounds.right <= bounds.left || bounds.bottom <= bounds.top;
}

export function intersect(a: Bounds, b: Bounds): Bounds {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

export function sameBounds(a: Bounds, b: Bounds): boolean {
  return a.left === b.left && a.top === b.top && a.right === b.right && a.bottom === b.bottom;
}
