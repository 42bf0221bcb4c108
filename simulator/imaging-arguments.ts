import { HostError } from './errors.ts';
import { type Rect, rectOf } from './geometry.ts';

export interface BoundsArgument {
  left?: number;
  top?: number;
  right?: number;
  bottom?: number;
  width?: number;
  height?: number;
}

export interface SizeArgument {
  width?: number;
  height?: number;
}

const wrong = (text: string) => new HostError(text, { kind: 'TypeError' });

/** sourceBounds: left/top/right/bottom, and for getPixels also left/top/width/height. */
export function boundsArgument(value: BoundsArgument | undefined, sizesAllowed: boolean): Rect | null {
  if (value === undefined || value === null) return null;
  const { left, top, right, bottom, width, height } = value;
  const numbers = (list: unknown[]): list is number[] => list.every((n) => Number.isInteger(n));
  if (numbers([left, top, right, bottom])) {
    if (right! <= left! || bottom! <= top!) throw new HostError('grabPixels: got invalid empty image region');
    return { left: left!, top: top!, right: right!, bottom: bottom! };
  }
  if (sizesAllowed && numbers([left, top, width, height])) return rectOf(left!, top!, width!, height!);
  throw wrong('sourceBounds must hold integers left, top, right and bottom');
}

/** targetBounds of the put calls: only left and top count, each 0 where absent. */
export function placeArgument(value: BoundsArgument | undefined): { left: number; top: number } {
  const left = value?.left ?? 0;
  const top = value?.top ?? 0;
  if (!Number.isInteger(left) || !Number.isInteger(top)) throw wrong('targetBounds must hold integers left and top');
  return { left, top };
}

/** The size of the answer and the pyramid level Photoshop would serve it from. targetSize never enlarges. */
export function scaleArgument(
  size: SizeArgument | undefined,
  region: Rect,
): { width: number; height: number; level: number } {
  const width = region.right - region.left;
  const height = region.bottom - region.top;
  if (!size || (size.width === undefined && size.height === undefined)) return { width, height, level: 0 };
  const ratio = Math.min(
    1,
    (size.width ?? Number.POSITIVE_INFINITY) / width,
    (size.height ?? Number.POSITIVE_INFINITY) / height,
  );
  if (!(ratio > 0)) throw wrong('targetSize must be positive');
  const level = Math.max(0, Math.floor(Math.log2(1 / ratio)));
  return { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)), level };
}

/** sourceBounds as reported: in the pixels of the pyramid level. */
export function atLevel(rect: Rect, level: number): Rect {
  const scale = 2 ** level;
  return {
    left: Math.floor(rect.left / scale),
    top: Math.floor(rect.top / scale),
    right: Math.ceil(rect.right / scale),
    bottom: Math.ceil(rect.bottom / scale),
  };
}

export function depthArgument(value: number | undefined, own: 8 | 16 | 32): 8 | 16 | 32 {
  if (value === undefined || value === -1) return own;
  if (value === 8 || value === 16 || value === 32) return value;
  throw wrong('componentSize must be -1, 8, 16 or 32');
}
