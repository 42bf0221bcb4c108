import { Readable } from 'node:stream';
import { type Depth, DOCUMENT, type ForegroundMethod } from '../../protocol/matte.ts';
import { parseBackground } from '../imaging/colour.ts';
import type { Picture } from '../imaging/picture.ts';
import { encodePsd } from '../imaging/psd/document.ts';
import { type Plane16, toEightBits } from '../matting/edge/plane.ts';
import { estimateForeground } from '../matting/foreground/estimate-foreground.ts';
import { makeOutput } from '../matting/outputs.ts';
import { describePixels, type Encoded, encodePixels } from './encode-answer.ts';
import type { MatteTask } from './engine.ts';

/** Name of the picture's layer in a document: names of uploads cannot be trusted. */
const LAYER_NAME = 'Layer 0';

/** Renders the requested output from a picture and its matte. */
export async function renderMatte(
  picture: Picture,
  alpha: Plane16,
  task: MatteTask,
  signal: AbortSignal,
): Promise<Encoded> {
  const { output, depth, foreground: method, decontaminate, background, type } = task;
  if (output === DOCUMENT) {
    const { cutoutLayer } = task;
    return writeDocument(picture, { alpha, depth, ...(cutoutLayer && { cutout: method }) }, signal);
  }
  const pixels = await makeOutput(
    { alpha, shown: alpha, readColours: (wanted) => picture.readRaster(wanted) },
    { output, depth, method, decontaminate, background: parseBackground(background), signal },
  );
  signal.throwIfAborted();
  return encodePixels(pixels, type);
}

interface DocumentOptions {
  /** Becomes the Layer Mask. */
  alpha: Plane16;
  depth: Depth;
  /** Adds the cutout as a hidden layer, its colors estimated with this method. */
  cutout?: ForegroundMethod;
}

/** The document is written while it is sent, so that it is never in memory as a whole. */
export async function writeDocument(
  picture: Picture,
  { alpha: kept, depth, cutout: method }: DocumentOptions,
  signal: AbortSignal,
): Promise<Encoded> {
  const pixels = await picture.readRaster(depth);
  const alpha = depth === 16 ? kept : toEightBits(kept);
  const cutout = method && (await estimateForeground(pixels, kept, { method, signal }));
  const document = { name: LAYER_NAME, picture: pixels, alpha, cutout, dpi: picture.dpi };
  const { isLarge, bytes, chunks } = await encodePsd(document, signal);
  const headers = {
    ...describePixels(pixels),
    'content-length': bytes,
    'content-disposition': `attachment; filename="matte.${isLarge ? 'psb' : 'psd'}"`,
  };
  return { headers, body: Readable.from(chunks, { objectMode: false }) };
}
