import type { Depth, ForegroundMethod, Output } from '../../protocol/matte.ts';
import type { AlphaPlane, Raster } from '../imaging/picture.ts';
import { composeOver } from './composition.ts';
import { type Plane16, toEightBits } from './edge/plane.ts';
import { estimateForeground, makeCutout } from './foreground/estimate-foreground.ts';

export interface OutputOptions {
  output: Output;
  depth: Depth;
  /** How colours under soft edges are estimated. */
  method: ForegroundMethod;
  /** 0..1: share of the estimate in a cutout's or composition's colours. */
  decontaminate: number;
  /** 0..255 per channel, for compositions. */
  background: readonly [number, number, number];
  signal: AbortSignal;
}

/** What an output is made from. */
export interface OutputSource {
  /** The matte as the network gave it: it tells how colours are mixed. */
  alpha: Plane16;
  /** The opacity that is answered: `alpha`, or `alpha` after edge controls. */
  shown: Plane16;
  /** Reads the picture's colours; not called for `alpha`. */
  readColours(depth: Depth): Promise<Raster>;
}

/** Alpha, or straight RGBA, or RGB for compositions. Alpha is rounded to `depth` here and nowhere before. */
export async function makeOutput(
  { alpha, shown, readColours }: OutputSource,
  { output, depth, method, decontaminate, background, signal }: OutputOptions,
): Promise<AlphaPlane | Raster> {
  if (output === 'alpha') return depth === 16 ? shown : toEightBits(shown);
  const picture = await readColours(depth);
  signal.throwIfAborted();
  if (output === 'foreground') return estimateForeground(picture, alpha, { shown, method, signal });
  const cutout = await makeCutout(picture, alpha, { shown, method, decontaminate, signal });
  return output === 'cutout' ? cutout : composeOver(cutout, background);
}
