import { type Depth, DOCUMENT, PATH, PNG_TYPE } from '../../protocol/matte.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import { AppError } from '../errors.ts';
import { type Inheritance, type Inherited, inherit, NOTHING } from '../imaging/annotation.ts';
import { CHECKER, parseBackground } from '../imaging/color.ts';
import { readFraming } from '../imaging/parse-framing.ts';
import type { Picture, Raster } from '../imaging/picture.ts';
import { streamRaster } from '../imaging/stream-raster.ts';
import { type EdgeSettings, scaleSettings } from '../matting/edge/edge-settings.ts';
import { reduceSamples } from '../matting/edge/plane.ts';
import { refineEdge } from '../matting/edge/refine-edge.ts';
import { ColorMemory } from '../matting/foreground/color-memory.ts';
import type { KeptMatte, MatteCache, Preview } from '../matting/matte-cache.ts';
import type { OutputSource } from '../matting/outputs.ts';
import { describeMatte, type Encoded, encodePixels, formatTimings } from './encode-answer.ts';
import type { Answer, EdgeTask } from './engine.ts';
import { makeFramedOutput } from './frame-output.ts';
import { renderPath, writeDocument } from './render-matte.ts';

/** Compression of a preview's PNG: it stays on this computer and is displayed once. */
const PREVIEW_LEVEL = 1;

/** Copies of alpha during processing, and 16-bit RGBA at worst; of what is laid on a canvas, once more. */
export function weighEdge(kept: MatteCache, { id, settings }: EdgeTask): number {
  const colors = ![undefined, 'alpha', PATH].includes(settings.output);
  const isFramed = readFraming(settings) !== null || Boolean(settings.shadow);
  return kept.get(id).alpha.data.byteLength * (colors ? 8 : 3) * (isFramed ? 2 : 1);
}

/** Documents and paths are always full size. */
function isWhole({ output }: EdgeRequest): boolean {
  return output === DOCUMENT || output === PATH;
}

/** Applies edge controls to a kept matte or its preview: no upload and no network run. */
export async function workEdge(kept: MatteCache, task: EdgeTask, signal: AbortSignal): Promise<Answer> {
  const { id, settings, type } = task;
  const matte = kept.get(id);
  const began = performance.now();
  const small = !isWhole(settings) && settings.width !== undefined && settings.width < matte.alpha.width;
  const inherited = inheritFor(matte, task, small);
  const source = small ? openPreview(kept, id, matte, settings.width!) : openFull(matte, inherited);
  const shown = await refineEdge(source.alpha, controlsOf(settings, source.alpha.width / matte.alpha.width), signal);
  const edge = performance.now() - began;
  const encoded = await encodeOutput(matte, { ...source, shown }, inherited, task, signal);
  const timings = { edge, finish: performance.now() - began - edge };
  const headers = {
    ...encoded.headers,
    ...describeMatte(id, matte),
    'server-timing': formatTimings(timings),
  };
  return { type, headers, body: encoded.body, timings };
}

async function encodeOutput(
  matte: KeptMatte,
  source: OutputSource,
  inherited: Inherited | null,
  { settings, type }: EdgeTask,
  signal: AbortSignal,
): Promise<Encoded> {
  const { output = 'alpha', depth = 8, pathTolerance } = settings;
  const path = settings.clippingPath ? { tolerance: pathTolerance } : undefined;
  if (output === DOCUMENT)
    return writeDocument(pictureOf(matte), { alpha: source.shown, depth, kept: keptOf(settings), path }, signal);
  if (output === PATH) return renderPath(source.shown, pathTolerance, signal);
  const small = source.shown.width < matte.alpha.width;
  const level = small ? PREVIEW_LEVEL : undefined;
  if (output === 'picture')
    return encodePixels(streamRaster(await source.readColors(depth)), type, inherited?.annotation, level);
  const color = parseBackground(settings.background ?? 'white');
  const options = {
    output,
    depth,
    method: settings.foreground ?? (small ? 'fast' : 'best'),
    decontaminate: settings.decontaminate ?? 1,
    background: color === CHECKER ? color : (inherited?.encodeColor(color) ?? color),
    signal,
  } as const;
  const pixels = await makeFramedOutput(source, options, { framing: readFraming(settings), shadow: settings.shadow });
  signal.throwIfAborted();
  return encodePixels(pixels, type, inherited?.annotation, level);
}

/** Null for a picture that is no longer kept. */
function inheritFor({ picture }: KeptMatte, { settings, type }: EdgeTask, small: boolean): Inherited | null {
  if (!picture) return null;
  // Only a PNG can say whose colors it has. `picture` is for clients that cannot.
  const isPlain = small || type !== PNG_TYPE || settings.output === 'picture';
  return inherit(picture, isPlain ? NOTHING : keptOf(settings), settings.output === 'composition');
}

function keptOf({ profile = 'keep', metadata = 'keep' }: EdgeRequest): Inheritance {
  return { profile, metadata };
}

function openFull(matte: KeptMatte, inherited: Inherited | null): Omit<OutputSource, 'shown'> {
  const readColors = async (depth: Depth) => (inherited ?? pictureOf(matte)).readRaster(depth);
  return { alpha: matte.alpha, readColors };
}

function openPreview(kept: MatteCache, id: string, matte: KeptMatte, width: number): Omit<OutputSource, 'shown'> {
  const height = Math.max(1, Math.round((matte.alpha.height * width) / matte.alpha.width));
  const last = kept.get(id).preview;
  let preview: Preview =
    last?.alpha.width === width
      ? last
      : { alpha: { width, height, data: reduceSamples(matte.alpha, 1, width, height) }, picture: null, colors: null };
  const keep = (change: Partial<Preview>) => {
    preview = { ...preview, ...change };
    kept.setPreview(id, preview);
  };
  if (preview !== last) keep({});
  return {
    alpha: preview.alpha,
    async readColors() {
      const picture = preview.picture ?? (await readReduced(pictureOf(matte), width, height));
      if (picture !== preview.picture) keep({ picture });
      return picture;
    },
    findPainter(picture, method) {
      const known = preview.colors?.method === method ? preview.colors : null;
      const colors = known ?? new ColorMemory(picture, preview.alpha, method);
      if (colors !== known) keep({ colors });
      return (cells, pace) => colors.findPainter(cells, pace);
    },
  };
}

/** Previews have 8-bit colors. */
async function readReduced(picture: Picture, width: number, height: number): Promise<Raster> {
  if (!picture.hasAlpha) return { width, height, channels: 3, data: await picture.readGrid(width, height) };
  const full = await picture.readRaster(8);
  return { width, height, channels: full.channels, data: reduceSamples(full, full.channels, width, height) };
}

function pictureOf({ picture }: KeptMatte): Picture {
  if (picture) return picture;
  throw new AppError('MATTE_GONE', 'The picture was too large to be kept beside its matte.');
}

function controlsOf(settings: EdgeRequest, factor: number): EdgeSettings {
  const { shift = 0, feather = 0, contrast = 0, hair = 0, removeSpecks = 0, fillHoles = 0 } = settings;
  return scaleSettings({ shift, feather, contrast, hair, removeSpecks, fillHoles }, factor);
}
