import type { ForegroundMethod } from '../../../protocol/matte.ts';
import type { AlphaPlane, Raster } from '../../imaging/picture.ts';
import { cutOut } from '../composition.ts';
import { Pace } from '../pace.ts';
import { blurFusion } from './blur-fusion.ts';
import { findCells } from './cells.ts';
import { multiLevel } from './multi-level.ts';

export interface ForegroundOptions {
  /** `fast`: blur fusion. `best`, the default: multi-level, about twice the time and a third less error
   *  (`npm run bench:foreground`). */
  method?: ForegroundMethod;
  /** Opacity of the result where it is not the matte that mixed the colours, for example after edge controls. */
  shown?: AlphaPlane;
  signal?: AbortSignal;
}

/** Cells (of 8 pixels) beyond the visible edge whose colours are estimated too. */
const BLEED = 2;

/**
 * Estimates the subject's own colours under soft edges, so that a cutout carries no halo of the old background.
 * Colours reach 16 pixels and more beyond the edge, so that a mask which grows or is blurred later shows no halo either;
 * solid pixels, and those farther out, keep the picture's own.
 * @param alpha the matte that tells how the camera mixed subject and background
 * @returns straight RGBA at the picture's depth; alpha is the opacity times the picture's own transparency
 */
export async function estimateForeground(
  picture: Raster,
  alpha: AlphaPlane,
  { method = 'best', shown = alpha, signal }: ForegroundOptions = {},
): Promise<Raster> {
  return estimate(picture, alpha, { method, shown, bleed: BLEED, signal });
}

export interface CutoutOptions extends ForegroundOptions {
  /** 0 keeps the picture's own colours, 1 removes the background's colour from soft edges entirely. */
  decontaminate?: number;
}

/**
 * The subject alone: colours between the picture's own and the estimated ones, and nothing at all where it is fully
 * transparent.
 * @returns straight RGBA at the picture's depth; wherever alpha is 0, so are the colours
 */
export async function makeCutout(
  picture: Raster,
  alpha: AlphaPlane,
  { decontaminate = 1, method = 'best', shown = alpha, signal }: CutoutOptions = {},
): Promise<Raster> {
  if (decontaminate === 0) return clearInvisible(cutOut(picture, shown));
  const out = await estimate(picture, alpha, { method, shown, bleed: 0, signal });
  if (decontaminate < 1) mixIn(picture, out, 1 - decontaminate);
  return clearInvisible(out);
}

async function estimate(
  picture: Raster,
  alpha: AlphaPlane,
  options: { method: ForegroundMethod; shown: AlphaPlane; bleed: number; signal: AbortSignal | undefined },
): Promise<Raster> {
  const out = cutOut(picture, options.shown);
  const cells = findCells(alpha, options.shown, options.bleed);
  if (!cells.active.includes(1)) return out;
  const run = options.method === 'best' ? multiLevel : blurFusion;
  await run(picture, alpha, cells, out, new Pace(options.signal));
  return out;
}

function mixIn({ channels, data }: Raster, out: Raster, share: number): void {
  for (let s = 0, t = 0; t < out.data.length; s += channels, t += 4) {
    for (let c = 0; c < 3; c++) {
      const estimated = out.data[t + c]!;
      out.data[t + c] = estimated + share * (data[s + c]! - estimated) + 0.5;
    }
  }
}

function clearInvisible(cutout: Raster): Raster {
  const { data } = cutout;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 0) data.fill(0, i, i + 3);
  return cutout;
}
