import type { Depth, ForegroundMethod, Output } from '../../protocol/matte.ts';
import type { AlphaPlane, Raster, RasterStream, Strip } from '../imaging/picture.ts';
import { type Backdrop, composeOver } from './composition.ts';
import { type Plane16, toEightBits } from './edge/plane.ts';
import { streamCutout, streamForeground } from './foreground/estimate-foreground.ts';
import type { FindPainter } from './foreground/painter.ts';

export interface OutputOptions {
  output: Output;
  depth: Depth;
  /** How colors under soft edges are estimated. */
  method: ForegroundMethod;
  /** 0..1: share of the estimate in a cutout's or composition's colors. */
  decontaminate: number;
  /** For compositions. */
  background: Backdrop;
  signal: AbortSignal;
}

/** What an output is made from. */
export interface OutputSource {
  /** The matte as the network gave it: it tells how colors are mixed. */
  alpha: Plane16;
  /** The opacity that is answered: `alpha`, or `alpha` after edge controls. */
  shown: Plane16;
  /** Reads the picture's colors; not called for `alpha`. */
  readColors(depth: Depth): Promise<Raster>;
  /** Where estimated colors are kept for the next time. */
  findPainter?(picture: Raster, method: ForegroundMethod): FindPainter;
}

/** Alpha, or straight RGBA, or RGB for compositions. Alpha is rounded to `depth` here and nowhere before. */
export async function makeOutput(
  { alpha, shown, readColors, findPainter }: OutputSource,
  { output, depth, method, decontaminate, background, signal }: OutputOptions,
): Promise<AlphaPlane | RasterStream> {
  if (output === 'alpha') return depth === 16 ? shown : toEightBits(shown);
  const picture = await readColors(depth);
  signal.throwIfAborted();
  const options = { shown, method, signal, findPainter: findPainter?.(picture, method) };
  if (output === 'foreground') return streamForeground(picture, alpha, options);
  const cutout = streamCutout(picture, alpha, { ...options, decontaminate });
  return output === 'cutout' ? cutout : { ...cutout, channels: 3, strips: composeStrips(cutout.strips, background) };
}

async function* composeStrips(strips: AsyncIterable<Strip>, background: Backdrop): AsyncGenerator<Strip> {
  for await (const strip of strips) yield composeOver(strip, background);
}
