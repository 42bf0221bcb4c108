import type { Depth } from '../../protocol/matte.ts';
import { writeWhole } from '../files.ts';
import { readBackdrop } from '../imaging/backdrop.ts';
import { encodeAlphaPng, encodePng } from '../imaging/codec.ts';
import type { AlphaPlane, Picture, Raster } from '../imaging/picture.ts';
import { encodePsd, type Psd8 } from '../imaging/psd.ts';
import { encodeTiff } from '../imaging/tiff.ts';
import { composeOver } from '../matting/composition.ts';
import { estimateForeground, makeCutout } from '../matting/foreground/estimate-foreground.ts';
import type { Format, Job, PlannedFile } from './plan.ts';

/** What a composition is laid over: a colour 0..255 per channel, or an encoded picture. */
export type Backdrop = readonly [number, number, number] | Buffer;

export interface FinishOptions {
  format: Format;
  depth: Depth;
  backdrop: Backdrop;
}

/** Writes every file of a job from its picture and matte, one after the other so that memory holds few copies. */
export async function finishJob(
  job: Job,
  picture: Picture,
  alpha: AlphaPlane,
  options: FinishOptions,
  signal: AbortSignal,
): Promise<void> {
  const raster = lazy(() => picture.readRaster(options.depth));
  const foreground = lazy(async () => estimateForeground(await raster(), alpha, { signal }));
  const encode = options.format === 'tiff' ? encodeTiff : encodePng;

  async function render({ kind }: PlannedFile): Promise<Uint8Array> {
    switch (kind) {
      case 'alpha':
        return options.format === 'tiff' ? encodeTiff(alpha) : encodeAlphaPng(alpha);
      case 'cutout':
        return encode(await makeCutout(await raster(), alpha, { signal }));
      case 'foreground':
        return encode(await foreground());
      case 'composition':
        return encode(composeOver(await foreground(), await behind(options, alpha)));
      case 'document':
        return encodePsd(job.input.stem, { picture: await raster(), alpha } as Psd8);
    }
  }

  for (const file of job.files) {
    const bytes = await render(file);
    signal.throwIfAborted();
    await writeWhole(file.path, bytes);
  }
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
