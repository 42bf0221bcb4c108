import type { Depth, ForegroundMethod } from '../../../protocol/matte.ts';
import { readBackdrop } from '../../imaging/backdrop.ts';
import { encodeAlphaPng, encodePng } from '../../imaging/codec.ts';
import type { AlphaPlane, Picture, Raster } from '../../imaging/picture.ts';
import { encodePsd } from '../../imaging/psd/document.ts';
import { encodeTiff } from '../../imaging/tiff/encode.ts';
import { composeOver } from '../../matting/composition.ts';
import { estimateForeground, makeCutout } from '../../matting/foreground/estimate-foreground.ts';
import { writeWhole } from '../../system/files.ts';
import { type Format, type Job, largePath, type PlannedFile } from './plan.ts';

/** Background of a composition: a color, 0..255 per channel, or an encoded picture. */
export type Backdrop = readonly [number, number, number] | Buffer;

export interface FinishOptions {
  format: Format;
  depth: Depth;
  backdrop: Backdrop;
  /** Whether a document gets the cutout as a hidden layer. */
  psdCutout: boolean;
  /** How colors under soft edges are estimated. */
  method: ForegroundMethod;
  /** 0..1: share of the estimate in cutouts and compositions. */
  decontaminate: number;
}

/**
 * Writes all files of a job from its picture and matte, one at a time to limit memory.
 * @returns the paths written
 */
export async function finishJob(
  job: Job,
  picture: Picture,
  alpha: AlphaPlane,
  options: FinishOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const raster = lazy(() => picture.readRaster(options.depth));
  const { method, decontaminate } = options;
  const foreground = lazy(async () => estimateForeground(await raster(), alpha, { method, signal }));
  const cutout = lazy(async () => makeCutout(await raster(), alpha, { method, decontaminate, signal }));
  // Both look the same over a background, so the one already in memory is used.
  const shown = decontaminate === 1 ? foreground : cutout;
  const encode = options.format === 'tiff' ? encodeTiff : encodePng;

  async function render({ kind, path }: PlannedFile): Promise<Rendered> {
    switch (kind) {
      case 'alpha':
        return { path, content: await (options.format === 'tiff' ? encodeTiff(alpha) : encodeAlphaPng(alpha)) };
      case 'cutout':
        return { path, content: await encode(await cutout()) };
      case 'foreground':
        return { path, content: await encode(await foreground()) };
      case 'composition':
        return { path, content: await encode(composeOver(await shown(), await behind(options, alpha))) };
      case 'document':
        return renderDocument(path);
      case 'masked':
        throw new Error('Documents are masked without being decoded.');
    }
  }

  async function renderDocument(path: string): Promise<Rendered> {
    const { isLarge, chunks } = await encodePsd(
      {
        name: job.input.stem,
        picture: await raster(),
        alpha,
        cutout: options.psdCutout ? await foreground() : undefined,
        dpi: picture.dpi,
      },
      signal,
    );
    return { path: isLarge ? largePath(path) : path, content: chunks };
  }

  const written: string[] = [];

  for (const file of job.files) {
    const { path, content } = await render(file);
    signal.throwIfAborted();
    await writeWhole(path, content);
    written.push(path);
  }
  return written;
}

interface Rendered {
  path: string;
  content: Uint8Array | AsyncIterable<Uint8Array>;
}

function behind({ backdrop, depth }: FinishOptions, { width, height }: AlphaPlane) {
  return Buffer.isBuffer(backdrop) ? readBackdrop(backdrop, width, height, depth) : backdrop;
}

function lazy(make: () => Promise<Raster>): () => Promise<Raster> {
  let made: Promise<Raster> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
