import type { EdgeRequest } from '../../protocol/edge.ts';
import type { Depth } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import { parseColour } from '../imaging/colour.ts';
import type { Picture, Raster } from '../imaging/picture.ts';
import { type EdgeSettings, scaleSettings } from '../matting/edge/edge-settings.ts';
import { reduceSamples } from '../matting/edge/plane.ts';
import { refineEdge } from '../matting/edge/refine-edge.ts';
import type { KeptMatte, MatteCache, Preview } from '../matting/matte-cache.ts';
import { makeOutput, type OutputSource } from '../matting/outputs.ts';
import { describeMatte, describePixels, encodePixels, formatTimings } from './encode-answer.ts';
import type { Answer, EdgeTask } from './engine.ts';

/** Copies of alpha while it is worked on, and RGBA at 16 bits at worst. */
export function weighEdge(kept: MatteCache, { id, settings }: EdgeTask): number {
  const colours = (settings.output ?? 'alpha') !== 'alpha';
  return kept.get(id).alpha.data.byteLength * (colours ? 8 : 3);
}

/** Applies the controls to a kept matte or to its preview: no upload and no network run. */
export async function workEdge(kept: MatteCache, task: EdgeTask, signal: AbortSignal): Promise<Answer> {
  const { id, settings, type } = task;
  const matte = kept.get(id);
  const began = performance.now();
  const small = settings.width !== undefined && settings.width < matte.alpha.width;
  const source = small ? openPreview(kept, id, matte, settings.width!) : openFull(matte);
  const shown = await refineEdge(source.alpha, controlsOf(settings, source.alpha.width / matte.alpha.width), signal);
  const edge = performance.now() - began;
  const pixels = await makeOutput(
    { ...source, shown },
    {
      output: settings.output ?? 'alpha',
      depth: settings.depth ?? 8,
      method: settings.foreground ?? (small ? 'fast' : 'best'),
      decontaminate: settings.decontaminate ?? 1,
      background: parseColour(settings.background ?? 'white'),
      signal,
    },
  );
  signal.throwIfAborted();
  const body = await encodePixels(pixels, type);
  const timings = { edge, finish: performance.now() - began - edge };
  const headers = {
    ...describePixels(pixels),
    ...describeMatte(id, matte),
    'server-timing': formatTimings(timings),
  };
  return { type, headers, body, timings };
}

function openFull(matte: KeptMatte): Omit<OutputSource, 'shown'> {
  return { alpha: matte.alpha, readColours: (depth: Depth) => pictureOf(matte).readRaster(depth) };
}

function openPreview(kept: MatteCache, id: string, matte: KeptMatte, width: number): Omit<OutputSource, 'shown'> {
  const height = Math.max(1, Math.round((matte.alpha.height * width) / matte.alpha.width));
  let preview = kept.get(id).preview;
  if (preview?.alpha.width !== width) {
    preview = { alpha: { width, height, data: reduceSamples(matte.alpha, 1, width, height) }, picture: null };
    kept.setPreview(id, preview);
  }
  const { alpha } = preview;
  return { alpha, readColours: () => readReduced(kept, id, matte, preview) };
}

/** Colours of a preview have 8 bits. */
async function readReduced(kept: MatteCache, id: string, matte: KeptMatte, preview: Preview): Promise<Raster> {
  if (preview.picture) return preview.picture;
  const { width, height } = preview.alpha;
  const picture = pictureOf(matte);
  const reduce = async (): Promise<Raster> => {
    if (!picture.hasAlpha) return { width, height, channels: 3, data: await picture.readGrid(width, height) };
    const full = await picture.readRaster(8);
    return { width, height, channels: full.channels, data: reduceSamples(full, full.channels, width, height) };
  };
  const raster = await reduce();
  kept.setPreview(id, { ...preview, picture: raster });
  return raster;
}

function pictureOf({ picture }: KeptMatte): Picture {
  if (picture) return picture;
  throw new AppError('MATTE_GONE', 'The picture was too large to be kept beside its matte.');
}

function controlsOf(settings: EdgeRequest, factor: number): EdgeSettings {
  const { shift = 0, feather = 0, contrast = 0, hair = 0, removeSpecks = 0, fillHoles = 0 } = settings;
  return scaleSettings({ shift, feather, contrast, hair, removeSpecks, fillHoles }, factor);
}
