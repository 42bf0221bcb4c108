import type { Depth, ForegroundMethod } from '../../../protocol/matte.ts';
import { type Annotation, type Inheritance, inherit } from '../../imaging/annotation.ts';
import { applyFrame } from '../../imaging/apply-frame.ts';
import { readBackdrop } from '../../imaging/backdrop.ts';
import { encodeAlphaPng, encodePng } from '../../imaging/codec.ts';
import { type Framing, frameSubject } from '../../imaging/framing.ts';
import { addProvenance, type Provenance } from '../../imaging/metadata/provenance.ts';
import type { AlphaPlane, Picture, Raster } from '../../imaging/picture.ts';
import { encodePsd } from '../../imaging/psd/document.ts';
import { hashSamples } from '../../imaging/sample-hash.ts';
import { encodeTiff } from '../../imaging/tiff/encode.ts';
import { composeOver, cutOut } from '../../matting/composition.ts';
import { estimateForeground, makeCutout } from '../../matting/foreground/estimate-foreground.ts';
import { tracePath } from '../../matting/path/trace-path.ts';
import { addShadow } from '../../matting/shadow.ts';
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
  /** Opacity of the shadow under cutouts and compositions, 0..1; 0: none. */
  shadow: number;
  /** What results say of how they were made, beside the model; null: nothing. */
  provenance: Omit<Provenance, 'model' | 'hash'> | null;
}

/** A matte and the models that made it. */
export interface MadeMatte {
  alpha: AlphaPlane;
  model: string;
}

/**
 * Writes all files of a job from its picture and matte, one at a time to limit memory.
 * @returns the paths written
 */
export async function finishJob(
  job: Job,
  picture: Picture,
  { alpha, model }: MadeMatte,
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

  /** @param hashed the samples that tell whether the file was changed since */
  const note = (about: Annotation, hashed: AlphaPlane | Raster): Annotation => {
    if (!options.provenance) return about;
    const provenance = { ...options.provenance, model, hash: hashSamples(hashed) };
    return { ...about, metadata: { ...about.metadata, xmp: addProvenance(about.metadata?.xmp, provenance) } };
  };
  const encodeColors = (pixels: Raster) => encode(pixels, note(annotation, pixels));

  async function render({ kind, path }: PlannedFile): Promise<Rendered> {
    switch (kind) {
      case 'alpha': {
        const plane = await lay(alpha);
        const encodePlane = options.format === 'tiff' ? encodeTiff : encodeAlphaPng;
        return { path, content: await encodePlane(plane, note({ dpi: annotation.dpi }, plane)) };
      }
      case 'cutout':
        return { path, content: await encodeColors(await layOnGround(await cutout())) };
      case 'foreground':
        return { path, content: await encodeColors(await lay(await foreground())) };
      case 'composition':
        return { path, content: await encodeColors(await compose()) };
      case 'picture':
        return { path, content: await encodeColors(await layPicture()) };
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
        annotation: note(annotation, alpha),
      },
      signal,
    );
    return { path: isLarge ? largePath(path) : path, content: chunks };
  }

  async function layOnGround(pixels: Raster) {
    const laid = await lay(pixels);
    return options.shadow > 0 ? addShadow(laid, options.shadow, signal) : laid;
  }

  /** A canvas that it does not fill is transparent. */
  async function layPicture() {
    const pixels = await raster();
    if (!frame || pixels.channels === 4) return lay(pixels);
    return lay(cutOut(pixels, { ...pixels, data: new Uint8Array(pixels.width * pixels.height).fill(255) }));
  }

  async function compose() {
    const subject = await layOnGround(await shown());
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
