import { heightOf, intersect, isEmpty, type Rect, rectOf, widthOf } from './geometry.ts';

export type Depth = 8 | 16 | 32;
export type PixelData = Uint8Array | Uint16Array | Float32Array;

/**
 * Interleaved pixels at a place in the document. A raster is never changed once it is part of a document: writers make a
 * new one. So a history snapshot keeps references, and a full-size read needs no copy until getData.
 */
export interface Raster {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: PixelData;
}

/** What stands for 1.0: Photoshop's 16-bit white is 32768, not 65535. */
export const whiteOf = (depth: Depth) => (depth === 8 ? 255 : depth === 16 ? 32768 : 1);

export function allocate(depth: Depth, length: number): PixelData {
  if (depth === 8) return new Uint8Array(length);
  return depth === 16 ? new Uint16Array(length) : new Float32Array(length);
}

export const depthOf = (data: PixelData): Depth =>
  data.BYTES_PER_ELEMENT === 1 ? 8 : data.BYTES_PER_ELEMENT === 2 ? 16 : 32;
export const rasterRect = (r: Raster): Rect => rectOf(r.left, r.top, r.width, r.height);

/** Scales linearly between the three ranges; rounding, and clamping for the two integer depths. */
export function convertDepth(data: PixelData, to: Depth): PixelData {
  const from = depthOf(data);
  if (from === to) return data;
  const out = allocate(to, data.length);
  const white = whiteOf(to);
  const scale = white / whiteOf(from);
  if (to === 32) {
    for (let i = 0; i < data.length; i++) out[i] = data[i]! * scale;
  } else if (from === 32) {
    for (let i = 0; i < data.length; i++) out[i] = Math.min(white, Math.max(0, Math.round(data[i]! * scale)));
  } else {
    for (let i = 0; i < data.length; i++) out[i] = (data[i]! * scale + 0.5) | 0;
  }
  return out;
}

const encode = (v: number) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
const decode = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/**
 * The same for color: 32-bit documents hold linear light, the others sRGB, so going between them takes the transfer
 * curve. Alpha, the fourth component, is a share and stays linear.
 */
export function convertColor(data: PixelData, components: number, to: Depth): PixelData {
  const from = depthOf(data);
  if (from === to || (from !== 32 && to !== 32)) return convertDepth(data, to);
  const out = allocate(to, data.length);
  const [scaleIn, scaleOut] = [1 / whiteOf(from), whiteOf(to)];
  for (let i = 0; i < data.length; i++) {
    let v = data[i]! * scaleIn;
    if (i % components !== 3) v = to === 32 ? decode(v) : encode(Math.max(0, v));
    out[i] = to === 32 ? v : Math.round(Math.min(1, Math.max(0, v)) * scaleOut);
  }
  return out;
}

/** 0..32768 to 0..65535 and back; getData and createImageDataFromBuffer do this for `fullRange`. */
export function toFullRange(data: Uint16Array): Uint16Array {
  const out = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = Math.min(65535, Math.round((data[i]! * 65535) / 32768));
  return out;
}

export function fromFullRange(data: Uint16Array): Uint16Array {
  const out = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = Math.round((data[i]! * 32768) / 65535);
  return out;
}

/** The part of a raster inside `rect`, which must lie within it. Row copies; no copy at all when it is the whole. */
export function crop(source: Raster, rect: Rect): Raster {
  const width = widthOf(rect);
  const height = heightOf(rect);
  if (rect.left === source.left && rect.top === source.top && width === source.width && height === source.height) {
    return source;
  }
  const out = allocate(depthOf(source.data), width * height * source.channels);
  const target: Raster = { left: rect.left, top: rect.top, width, height, channels: source.channels, data: out };
  copyInto(target, source);
  return target;
}

/** Copies where the two overlap. `target` must be fresh, not yet part of a document. */
export function copyInto(target: Raster, source: Raster): void {
  const both = intersect(rasterRect(target), rasterRect(source));
  if (isEmpty(both)) return;
  const n = target.channels;
  const length = widthOf(both) * n;
  for (let y = both.top; y < both.bottom; y++) {
    const from = ((y - source.top) * source.width + both.left - source.left) * n;
    target.data.set(
      source.data.subarray(from, from + length),
      ((y - target.top) * target.width + both.left - target.left) * n,
    );
  }
}

/** A raster over `rect`, filled with `fill` wherever `source` has nothing. */
export function expand(source: Raster | null, rect: Rect, depth: Depth, channels: number, fill: number): Raster {
  const width = widthOf(rect);
  const height = heightOf(rect);
  const data = allocate(depth, width * height * channels);
  if (fill !== 0) data.fill(fill);
  const out: Raster = { left: rect.left, top: rect.top, width, height, channels, data };
  if (source) copyInto(out, source);
  return out;
}

/** The smallest rectangle within `rect` whose outside is all `value` in the given channel. */
export function boundsOfContent(r: Raster, rect: Rect, channel: number, value = 0): Rect {
  const area = intersect(rect, rasterRect(r));
  if (isEmpty(area)) return { left: 0, top: 0, right: 0, bottom: 0 };
  const n = r.channels;
  const differs = (x: number, y: number) => r.data[((y - r.top) * r.width + x - r.left) * n + channel] !== value;
  const rowHas = (y: number) => {
    for (let x = area.left; x < area.right; x++) if (differs(x, y)) return true;
    return false;
  };
  const columnHas = (x: number) => {
    for (let y = area.top; y < area.bottom; y++) if (differs(x, y)) return true;
    return false;
  };
  while (area.top < area.bottom && !rowHas(area.top)) area.top++;
  if (area.top === area.bottom) return { left: 0, top: 0, right: 0, bottom: 0 };
  while (!rowHas(area.bottom - 1)) area.bottom--;
  while (!columnHas(area.left)) area.left++;
  while (!columnHas(area.right - 1)) area.right--;
  return area;
}

/** Adds an opaque alpha channel to RGB; RGBA passes through. */
export function withAlpha(r: Raster): Raster {
  if (r.channels === 4) return r;
  const count = r.width * r.height;
  const depth = depthOf(r.data);
  const out = allocate(depth, count * 4);
  const white = whiteOf(depth);
  for (let i = 0, s = 0, d = 0; i < count; i++, s += 3, d += 4) {
    out[d] = r.data[s]!;
    out[d + 1] = r.data[s + 1]!;
    out[d + 2] = r.data[s + 2]!;
    out[d + 3] = white;
  }
  return { ...r, channels: 4, data: out };
}

/** Drops alpha; with `matte` the color is first composited over white. */
export function withoutAlpha(r: Raster, matte: boolean): Raster {
  if (r.channels === 3) return r;
  const count = r.width * r.height;
  const depth = depthOf(r.data);
  const out = allocate(depth, count * 3);
  const white = whiteOf(depth);
  for (let i = 0, s = 0, d = 0; i < count; i++, s += 4, d += 3) {
    const alpha = matte ? r.data[s + 3]! / white : 1;
    for (let c = 0; c < 3; c++) {
      const value = r.data[s + c]! * alpha + white * (1 - alpha);
      out[d + c] = depth === 32 ? value : Math.round(value);
    }
  }
  return { ...r, channels: 3, data: out };
}

/** Box average to a smaller size; good enough to stand in for Photoshop's cache levels. */
export function shrink(r: Raster, width: number, height: number): Raster {
  const n = r.channels;
  const depth = depthOf(r.data);
  const out = allocate(depth, width * height * n);
  for (let y = 0; y < height; y++) {
    const y0 = Math.floor((y * r.height) / height);
    const y1 = Math.max(y0 + 1, Math.floor(((y + 1) * r.height) / height));
    for (let x = 0; x < width; x++) {
      const x0 = Math.floor((x * r.width) / width);
      const x1 = Math.max(x0 + 1, Math.floor(((x + 1) * r.width) / width));
      for (let c = 0; c < n; c++) {
        let sum = 0;
        for (let sy = y0; sy < y1; sy++) for (let sx = x0; sx < x1; sx++) sum += r.data[(sy * r.width + sx) * n + c]!;
        const mean = sum / ((y1 - y0) * (x1 - x0));
        out[(y * width + x) * n + c] = depth === 32 ? mean : Math.round(mean);
      }
    }
  }
  return { ...r, width, height, data: out };
}
