import { Readable } from 'node:stream';
import {
  type Depth,
  DOCUMENT,
  type ForegroundMethod,
  HEADERS,
  PATH,
  PATH_TOLERANCE,
  RAW_TYPE,
} from '../../protocol/matte.ts';
import { type Inheritance, inherit, NOTHING } from '../imaging/annotation.ts';
import { CHECKER, parseBackground } from '../imaging/color.ts';
import type { Picture } from '../imaging/picture.ts';
import { encodePsd } from '../imaging/psd/document.ts';
import { type Plane16, toEightBits } from '../matting/edge/plane.ts';
import { estimateForeground } from '../matting/foreground/estimate-foreground.ts';
import { tracePath } from '../matting/path/trace-path.ts';
import { describePixels, type Encoded, encodePixels } from './encode-answer.ts';
import type { MatteTask } from './engine.ts';
import { makeFramedOutput } from './frame-output.ts';

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
    const { cutoutLayer, clippingPath, pathTolerance } = task;
    const path = clippingPath ? { tolerance: pathTolerance } : undefined;
    return writeDocument(picture, { alpha, depth, kept: task, path, ...(cutoutLayer && { cutout: method }) }, signal);
  }
  if (output === PATH) return renderPath(alpha, task.pathTolerance, signal);
  const inherited = inherit(picture, type === RAW_TYPE ? NOTHING : task, output === 'composition');
  const color = parseBackground(background);
  const pixels = await makeFramedOutput(
    { alpha, shown: alpha, readColors: (wanted) => inherited.readRaster(wanted) },
    {
      output,
      depth,
      method,
      decontaminate,
      background: color === CHECKER ? color : inherited.encodeColor(color),
      signal,
    },
    task,
  );
  signal.throwIfAborted();
  return encodePixels(pixels, type, inherited.annotation);
}

/** The outline of a matte, in JSON. */
export async function renderPath(
  alpha: Plane16,
  tolerance: number = PATH_TOLERANCE.default,
  signal: AbortSignal,
): Promise<Encoded> {
  const path = await tracePath(alpha, tolerance, signal);
  // Hundredths of a pixel are as fine as anyone can see.
  const body = JSON.stringify(path, (_, value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value));
  return { headers: { [HEADERS.width]: path.width, [HEADERS.height]: path.height }, body: Buffer.from(body) };
}

interface DocumentOptions {
  /** Becomes the Layer Mask. */
  alpha: Plane16;
  depth: Depth;
  kept: Inheritance;
  /** Adds the cutout as a hidden layer, its colors estimated with this method. */
  cutout?: ForegroundMethod;
  /** Adds the outline of the matte as clipping path. */
  path?: { tolerance: number | undefined } | undefined;
}

/** The document is written while it is sent, so that it is never in memory as a whole. */
export async function writeDocument(
  picture: Picture,
  { alpha: matte, depth, kept, cutout: method, path: wanted }: DocumentOptions,
  signal: AbortSignal,
): Promise<Encoded> {
  const inherited = inherit(picture, kept);
  const path = wanted && (await tracePath(matte, wanted.tolerance ?? PATH_TOLERANCE.default, signal));
  const annotation = { ...inherited.annotation, path };
  const pixels = await inherited.readRaster(depth);
  const alpha = depth === 16 ? matte : toEightBits(matte);
  const cutout = method && (await estimateForeground(pixels, matte, { method, signal }));
  const document = { name: LAYER_NAME, picture: pixels, alpha, cutout, annotation };
  const { isLarge, bytes, chunks } = await encodePsd(document, signal);
  const headers = {
    ...describePixels(pixels),
    'content-length': bytes,
    'content-disposition': `attachment; filename="matte.${isLarge ? 'psb' : 'psd'}"`,
  };
  return { headers, body: Readable.from(chunks, { objectMode: false }) };
}
