import type { ForegroundMethod } from '../../../protocol/matte.ts';
import type { AlphaPlane, Raster, RasterStream, Strip } from '../../imaging/picture.ts';
import { joinStrips } from '../../imaging/stream-raster.ts';
import { cutOut, samplesLike } from '../composition.ts';
import { Pace } from '../yield-often.ts';
import { findCells } from './cells.ts';
import { METHODS } from './methods.ts';
import { type FindPainter, STRIP_ROWS } from './painter.ts';

export interface ForegroundOptions {
  /** `fast`: blur fusion. `best`, the default: multi-level, about twice the time and a third less error
   *  (`npm run bench:foreground`). */
  method?: ForegroundMethod;
  /** Opacity of the result where it is not the matte that mixed the colors, for example after edge controls. */
  shown?: AlphaPlane;
  signal?: AbortSignal;
  /** Where estimated colors come from; by default they are estimated anew by `method`. */
  findPainter?: FindPainter | undefined;
}

/** Cells (of 8 pixels) beyond the visible edge whose colors are estimated too. */
const BLEED = 2;

/**
 * Estimates the subject's own colors under soft edges, so that a cutout carries no halo of the old background.
 * Colors reach 16 pixels and more beyond the edge, so that a mask which grows or is blurred later shows no halo either;
 * solid pixels, and those farther out, keep the picture's own.
 * @param alpha the matte that tells how the camera mixed subject and background
 * @returns straight RGBA at the picture's depth; alpha is the opacity times the picture's own transparency
 */
export function estimateForeground(picture: Raster, alpha: AlphaPlane, options?: ForegroundOptions): Promise<Raster> {
  return joinStrips(streamForeground(picture, alpha, options));
}

/** The same, strip by strip. */
export function streamForeground(picture: Raster, alpha: AlphaPlane, options: ForegroundOptions = {}): RasterStream {
  return describe(picture, paintStrips(picture, alpha, BLEED, options));
}

export interface CutoutOptions extends ForegroundOptions {
  /** 0 keeps the picture's own colors, 1 removes the background's color from soft edges entirely. */
  decontaminate?: number;
}

/**
 * The subject alone: colors between the picture's own and the estimated ones, and nothing at all where it is fully
 * transparent.
 * @returns straight RGBA at the picture's depth; wherever alpha is 0, so are the colors
 */
export function makeCutout(picture: Raster, alpha: AlphaPlane, options?: CutoutOptions): Promise<Raster> {
  return joinStrips(streamCutout(picture, alpha, options));
}

/** The same, strip by strip. */
export function streamCutout(picture: Raster, alpha: AlphaPlane, options: CutoutOptions = {}): RasterStream {
  const { decontaminate = 1, ...rest } = options;
  const painted = paintStrips(picture, alpha, 0, decontaminate === 0 ? { ...rest, findPainter: paintNothing } : rest);
  return describe(picture, finish());

  async function* finish(): AsyncGenerator<Strip> {
    for await (const strip of painted) {
      if (decontaminate > 0 && decontaminate < 1) mixIn(picture, strip, 1 - decontaminate);
      clearInvisible(strip);
      yield strip;
    }
  }
}

const paintNothing: FindPainter = async () => async () => {};

async function* paintStrips(
  picture: Raster,
  alpha: AlphaPlane,
  bleed: number,
  { method = 'best', shown = alpha, signal, findPainter }: ForegroundOptions,
): AsyncGenerator<Strip> {
  const pace = new Pace(signal);
  const find = findPainter ?? ((cells) => METHODS[method](picture, alpha, cells, pace));
  const cells = await findCells(alpha, shown, bleed, pace);
  const paint = cells.active.includes(1) ? await find(cells, pace) : null;
  const { width, height } = picture;
  const room = samplesLike(picture.data, width * Math.min(height, STRIP_ROWS) * 4);
  for (let top = 0; top < height; top += STRIP_ROWS) {
    const strip = cutOut(picture, shown, { top, bottom: Math.min(height, top + STRIP_ROWS) }, room);
    await paint?.(strip);
    yield strip;
    await pace.step();
  }
}

function describe({ width, height, data }: Raster, strips: AsyncIterable<Strip>): RasterStream {
  return { width, height, channels: 4, depth: data instanceof Uint16Array ? 16 : 8, strips };
}

function mixIn({ width, channels, data }: Raster, { top, data: out }: Strip, share: number): void {
  for (let s = top * width * channels, t = 0; t < out.length; s += channels, t += 4) {
    for (let c = 0; c < 3; c++) {
      const estimated = out[t + c]!;
      out[t + c] = estimated + share * (data[s + c]! - estimated) + 0.5;
    }
  }
}

function clearInvisible({ data }: Strip): void {
  if (data instanceof Uint8Array) {
    // A pixel is one number whose top byte is alpha: every platform of ours is little-endian, as raw answers are.
    const pixels = new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
    for (let i = 0; i < pixels.length; i++) if (pixels[i]! < 0x1000000) pixels[i] = 0;
    return;
  }
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] !== 0) continue;
    data[i] = 0;
    data[i + 1] = 0;
    data[i + 2] = 0;
  }
}
