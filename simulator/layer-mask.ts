import { intersect, isEmpty, type Rect, rectOf } from './geometry.ts';
import { type Depth, depthOf, expand, type PixelData, type Raster, whiteOf, withAlpha } from './pixels.ts';

/** A user mask, or the selection: one component over a rectangle, one value everywhere else. Immutable like Raster. */
export interface LayerMask {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly data: PixelData;
  /** Value outside the rectangle, in the units of `data`. */
  readonly outside: number;
  readonly enabled: boolean;
  readonly linked: boolean;
  /** 0..100 */
  readonly density: number;
  readonly feather: number;
}

export const maskRect = (mask: LayerMask): Rect => rectOf(mask.left, mask.top, mask.width, mask.height);
export const maskRaster = ({ left, top, width, height, data }: LayerMask): Raster => ({
  ...{ left, top, width, height, data },
  channels: 1,
});

export function maskFrom(raster: Raster, outside: number, before?: LayerMask | null): LayerMask {
  const { left, top, width, height, data } = raster;
  const density = before?.density ?? 100;
  const feather = before?.feather ?? 0;
  return { left, top, width, height, data, outside, enabled: true, linked: before?.linked ?? true, density, feather };
}

export function filledMask(rect: Rect, depth: Depth, value: number): LayerMask {
  return maskFrom(expand(null, rect, depth, 1, value), value);
}

/** The mask's values over `rect`, whatever part of it the mask covers. */
export function maskOver(mask: LayerMask, rect: Rect): Raster {
  const raster = maskRaster(mask);
  const covered = intersect(maskRect(mask), rect);
  if (
    mask.left === rect.left &&
    mask.top === rect.top &&
    mask.width === rect.right - rect.left &&
    mask.height === rect.bottom - rect.top
  ) {
    return raster;
  }
  return expand(isEmpty(covered) ? null : raster, rect, depthOf(mask.data), 1, mask.outside);
}

/** The last result per mask: plugins read large layers in many strips. */
const applied = new WeakMap<LayerMask, { pixels: Raster; result: Raster }>();

/** Multiplies alpha by the mask, its density taken into account. Feather is not simulated. */
export function applyMask(pixels: Raster, mask: LayerMask): Raster {
  const known = applied.get(mask);
  if (known?.pixels === pixels) return known.result;
  const result = multiply(pixels, mask);
  applied.set(mask, { pixels, result });
  return result;
}

function multiply(pixels: Raster, mask: LayerMask): Raster {
  const source = withAlpha(pixels);
  const data = source.data.slice();
  const { left, top, width, height } = source;
  const values = maskOver(mask, rectOf(left, top, width, height)).data;
  const white = whiteOf(depthOf(values));
  const base = 1 - mask.density / 100;
  const scale = mask.density / 100 / white;
  const integral = depthOf(data) !== 32;
  for (let i = 0, a = 3; i < values.length; i++, a += 4) {
    const v = values[i]!;
    if (v === white) continue;
    const alpha = data[a]! * (base + v * scale);
    data[a] = integral ? (alpha + 0.5) | 0 : alpha;
  }
  return { ...source, data };
}
