import { CHECKER } from '../imaging/color.ts';
import type { AlphaPlane, Raster, Strip } from '../imaging/picture.ts';

/** Rows `top` to `bottom`, without the last. */
export interface RowRange {
  top: number;
  bottom: number;
}

/**
 * Straight RGBA from a picture and its matte, or from some rows of them. A picture's own transparency multiplies the
 * matte.
 * @param room to write to, at the picture's depth; by default it is made
 */
export function cutOut(
  { width, height, channels, data }: Raster,
  alpha: AlphaPlane,
  { top, bottom }: RowRange = { top: 0, bottom: height },
  room?: Strip['data'],
): Strip {
  const samples = width * (bottom - top) * 4;
  const out = room?.subarray(0, samples) ?? samplesLike(data, samples);
  const max = maxOf(data);
  const mask = alpha.data;
  const scale = max / maxOf(mask);
  for (let i = top * width, s = i * channels, t = 0; t < samples; i++, s += channels, t += 4) {
    const opacity = mask[i]!;
    out[t] = data[s]!;
    out[t + 1] = data[s + 1]!;
    out[t + 2] = data[s + 2]!;
    if (opacity === 0) out[t + 3] = 0;
    else if (channels === 4) out[t + 3] = (opacity * scale * data[s + 3]!) / max + 0.5;
    else out[t + 3] = opacity * scale + 0.5;
  }
  return { top, width, height: bottom - top, channels: 4, data: out };
}

/** 0..255 per channel, a checkerboard, or a picture. */
export type Backdrop = readonly [number, number, number] | typeof CHECKER | Raster;

/** Side of the squares in pixels, and their grays. */
const SQUARE = 8;
const LIGHT = 255;
const DARK = 204;

/**
 * Lays straight RGBA over a color, a checkerboard or a picture, and returns RGB.
 * Mixing happens on the encoded (sRGB) samples, as Photoshop's layers do by default.
 * @param cutout all of it or a strip
 * @param backdrop color 0..255 per channel, or an RGB(A) raster of the whole size whose own transparency is ignored
 */
export function composeOver(cutout: Raster & { top?: number }, backdrop: Backdrop): Strip {
  const { width, height, data, top = 0 } = cutout;
  const max = maxOf(data);
  const out = samplesLike(data, width * height * 3);
  const rowOf = rowsOf(backdrop, width, max);
  for (let y = 0, s = 0, t = 0; y < height; y++) {
    const { behind, start, step, unit } = rowOf(top + y);
    for (let x = 0, b = start; x < width; x++, s += 4, t += 3, b += step) {
      const opacity = data[s + 3]!;
      if (opacity === max) {
        out[t] = data[s]!;
        out[t + 1] = data[s + 1]!;
        out[t + 2] = data[s + 2]!;
        continue;
      }
      const a = opacity / max;
      const rest = (1 - a) * unit;
      out[t] = a * data[s]! + rest * behind[b]! + 0.5;
      out[t + 1] = a * data[s + 1]! + rest * behind[b + 1]! + 0.5;
      out[t + 2] = a * data[s + 2]! + rest * behind[b + 2]! + 0.5;
    }
  }
  return { top, width, height, channels: 3, data: out };
}

interface BackdropRow {
  behind: Uint8Array | Uint16Array;
  start: number;
  /** Samples from one pixel to the next. */
  step: number;
  /** Sample of the cutout per sample of the backdrop. */
  unit: number;
}

function rowsOf(backdrop: Backdrop, width: number, max: number): (y: number) => BackdropRow {
  const unit = max / 255;
  if (backdrop === CHECKER) {
    const [even, odd] = [LIGHT, DARK].map((first) => {
      const behind = new Uint8Array(3 * width);
      for (let i = 0; i < behind.length; i++) behind[i] = (i / (3 * SQUARE)) & 1 ? LIGHT + DARK - first : first;
      return { behind, start: 0, step: 3, unit };
    });
    return (y) => ((y / SQUARE) & 1 ? odd! : even!);
  }
  if (!('data' in backdrop)) {
    const row = { behind: Uint8Array.from(backdrop), start: 0, step: 0, unit };
    return () => row;
  }
  const { channels, data } = backdrop;
  return (y) => ({ behind: data, start: y * width * channels, step: channels, unit: max / maxOf(data) });
}

export function samplesLike(data: Strip['data'], length: number): Strip['data'] {
  return data instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length);
}

function maxOf(samples: Uint8Array | Uint16Array): number {
  return samples instanceof Uint16Array ? 65535 : 255;
}
