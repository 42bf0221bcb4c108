import type { Depth, ForegroundMethod } from '../../../protocol/matte.ts';
import { type Inheritance, inherit } from '../../imaging/annotation.ts';
import { applyFrame } from '../../imaging/apply-frame.ts';
import { readBackdrop } from '../../imaging/backdrop.ts';
import { encodeAlphaPng, encodePng } from '../../imaging/codec.ts';
import { type Framing, frameSubject } from '../../imaging/framing.ts';
import type { AlphaPlane, Picture, Raster } from '../../imaging/picture.ts';
import { encodePsd } from '../../imaging/psd/document.ts';
import { encodeTiff } from '../../imaging/tiff/encode.ts';
import { composeOver, cutOut } from '../../matting/composition.ts';
import { estimateForeground, makeCutout } from '../../matting/foreground/estimate-foreground.ts';
import { tracePath } from '../../matting/path/trace-path.ts';
import { writeWhole } from '../../system/files.ts';
import { type Format, type Job, largePath, type PlannedFile } from './plan.ts';

/** Background of a composition: a color, 0..255 per channel, or an encoded picture. */
export type Backdrop = readonly [number, number, number] | Buffer;

export interface FinishOptions extends Inheritance {
  format: Format;
  /** Absent: the picture's. */
  depth?: Depth | undefined;
  backdrop: Backdrop;
  /** Null: results have the picture's size. */
  framing: Framing | null;
  /** Whether a document gets the cutout as a hidden layer. */
  psdCutout: boolean;
  /** How colors under soft edges are estimated. */
  method: ForegroundMethod;
  /** 0..1: share of the estimate in cutouts and compositions. */
  decontaminate: number;
  /** Adds the outline to documents and color TIFFs, as their clipping path; how far it may be from it, in pixels. Null: none. */
  pathTolerance: number | null;
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
  const depth = options.depth ?? picture.depth ?? 8;
  const inherited = inherit(
    picture,
    options,
    options.format !== 'psd' && job.files.some(({ kind }) => kind === 'composition'),
  );
  const raster = lazy(() => inherited.readRaster(depth));
  const { method, decontaminate } = options;
  const foreground = lazy(async () => estimateForeground(await raster(), alpha, { method, signal }));
  const cutout = lazy(async () => makeCutout(await raster(), alpha, { method, decontaminate, signal }));
  // Both look the same over a background, so the one already in memory is used.
  const shown = decontaminate === 1 ? foreground : cutout;
  const encode = options.format === 'tiff' ? encodeTiff : encodePng;

  const frame = options.framing && frameSubject(alpha, options.framing);
  const lay = <T extends AlphaPlane | Raster>(pixels: T) => (frame ? applyFrame(pixels, frame) : pixels);

  const { pathTolerance } = options;
  const path = pathTolerance === null ? undefined : await tracePath(await lay(alpha), pathTolerance, signal);
  const annotation = { ...inherited.annotation, path };

  async function render({ kind, path }: PlannedFile): Promise<Rendered> {
    switch (kind) {
      case 'alpha': {
        const plane = await lay(alpha);
        const isTiff = options.format === 'tiff';
        return {
          path,
          content: await (isTiff ? encodeTiff(plane, annotation) : encodeAlphaPng(plane, annotation.dpi)),
        };
      }
      case 'cutout':
        return { path, content: await encode(await lay(await cutout()), annotation) };
      case 'foreground':
        return { path, content: await encode(await lay(await foreground()), annotation) };
      case 'composition':
        return { path, content: await encode(await compose(), annotation) };
      case 'picture':
        return { path, content: await encode(await layPicture(), annotation) };
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
        annotation,
      },
      signal,
    );
    return { path: isLarge ? largePath(path) : path, content: chunks };
  }

  /** A canvas that it does not fill is transparent. */
  async function layPicture() {
    const pixels = await raster();
    if (!frame || pixels.channels === 4) return lay(pixels);
    return lay(cutOut(pixels, { ...pixels, data: new Uint8Array(pixels.width * pixels.height).fill(255) }));
  }

  async function compose() {
    const subject = await lay(await shown());
    const { backdrop } = options;
    if (!Buffer.isBuffer(backdrop)) return composeOver(subject, inherited.encodeColor(backdrop));
    const picture = await readBackdrop(backdrop, subject.width, subject.height, depth);
    return composeOver(subject, inherited.encodeRaster(picture));
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

function lazy(make: () => Promise<Raster>): () => Promise<Raster> {
  let made: Promise<Raster> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
