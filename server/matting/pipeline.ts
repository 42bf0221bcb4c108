import type { Depth } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import type { AlphaPlane, Picture, Region } from '../imaging/picture.ts';
import { readStrips } from '../imaging/read-strips.ts';
import type { Strokes } from '../imaging/strokes-file.ts';
import type { LoadedModel } from '../inference/session-cache.ts';
import type { Plane16 } from './edge/plane.ts';
import { findConsensus } from './ensemble/consensus.ts';
import { joinPair } from './ensemble/join-pair.ts';
import { removeHaze } from './ensemble/remove-haze.ts';
import { findSecondPass, runSecondPass } from './ensemble/second-pass.ts';
import { type CoarseAlpha, readCoarseAlpha } from './grid/coarse-alpha.ts';
import { Lift } from './grid/enhance.ts';
import { Grids } from './grid/grids.ts';
import { fitColor, type Guide } from './grid/guided.ts';
import { chooseGrid, packTensor, shapeGrid } from './grid/preprocess.ts';
import { resampleAlpha } from './grid/resample.ts';
import { upsampleAlpha } from './grid/upsample.ts';
import { keepMask, type RefinedMask, refineMask } from './mask/refine-mask.ts';
import { paintStrokes } from './mask/strokes.ts';
import { chooseSubject, keepSubject, moveChoice, type SubjectChoice } from './subjects/choose-subject.ts';
import { clearOutside, cropPicture, frameRegion, placeAlpha } from './subjects/region.ts';
import { Pace } from './yield-often.ts';

/** Milliseconds per stage, added up over the network runs. */
export type Timings = Record<'decode' | 'pack' | 'queue' | 'inference' | 'consensus' | 'guide' | 'upsample', number>;

export interface Matte {
  alpha: AlphaPlane;
  timings: Timings;
  /** How often a network ran. */
  runs: number;
}

/** One way of looking at the picture. */
export interface View {
  model: LoadedModel;
  /** Stretches the picture to the spec's grid even where the network would take its own shape. */
  squash?: boolean;
  /** Side of the square that it sees, where the network takes squares of any size; else the spec's. */
  side?: number;
  /** Draws edges well: its strands may be used in the result. */
  edges?: boolean;
}

/** Steps beyond the views; each can be enabled alone, for measurements. */
export interface Stages {
  /** Removes the haze that portrait networks leave around people. */
  removeHaze?: boolean;
  /** The views that draw edges make a second pass if the person fills little of the picture. */
  secondPass?: boolean;
  /** Edges follow the colors of the picture at full size. */
  guide?: boolean;
}

export const PAIR_STAGES: Stages = { guide: true };
export const BEST_STAGES: Stages = { removeHaze: true, secondPass: true, guide: true };

export interface EstimateOptions {
  depth: Depth;
  signal?: AbortSignal | undefined;
  stages?: Stages;
  /** The matte is found in this part of the picture only, and is 0 outside. It lies inside the picture. */
  region?: Region | null | undefined;
  /** Which subjects to keep; all by default. */
  choice?: SubjectChoice | undefined;
  /**
   * A mask of the picture's size whose edge is found anew; beyond a band around its edge it stands as it is. Goes with
   * neither `region` nor `choice`: it says itself what the subject is.
   */
  mask?: Plane16 | undefined;
  /** What a person painted over the mask: 1 or 0 there, whatever the networks say. */
  strokes?: Strokes | undefined;
  /** Brightens dark and low-contrast pictures for the networks. */
  enhance?: boolean;
  /** Called with 0..1, never decreasing. */
  onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Picture to alpha matte at the picture's own size: each view looks at the whole picture, two of them are joined, three or
 * more are brought to a consensus, and the result is enlarged.
 * @throws {AppError} TRUNCATED_IMAGE, INFERENCE_FAILED; the signal's reason when aborted between two stages.
 */
export async function estimateMatte(
  picture: Picture,
  views: readonly View[],
  { region, choice, ...settings }: EstimateOptions,
): Promise<Matte> {
  if (!region) return estimateWhole(picture, views, { ...settings, choice });
  const frame = frameRegion(region, picture);
  const matte = await estimateWhole(cropPicture(picture, frame), views, {
    ...settings,
    choice: choice && moveChoice(choice, frame),
    within: { ...region, left: region.left - frame.left, top: region.top - frame.top },
  });
  return { ...matte, alpha: placeAlpha(matte.alpha, frame, region, picture) };
}

interface WholeSettings extends Omit<EstimateOptions, 'region'> {
  /** Where the subject lies; the rest of the picture is context. */
  within?: Region;
}

async function estimateWhole(
  picture: Picture,
  views: readonly View[],
  { depth, signal, stages = {}, choice, mask, strokes, enhance, within, onProgress }: WholeSettings,
): Promise<Matte> {
  const timings: Timings = { decode: 0, pack: 0, queue: 0, inference: 0, consensus: 0, guide: 0, upsample: 0 };
  const clock = startClock();
  const grids = new Grids(picture);
  const eye = { picture, grids, timings, signal, lift: enhance ? new Lift() : undefined };
  const subjectOf = (alpha: CoarseAlpha) => (within ? clearOutside(alpha, within, picture) : alpha);
  const opinions: CoarseAlpha[] = [];
  const steps = views.length + 2;
  for (const view of views) {
    opinions.push(await look(eye, view));
    onProgress?.(opinions.length / steps);
  }
  clock();
  const first = unite(picture, views, opinions);
  const region = stages.secondPass ? findSecondPass(subjectOf(first), picture) : null;
  timings.consensus = clock();
  const near: CoarseAlpha[] = [];
  if (region) {
    for (const view of views) if (view.edges) near.push(await look(eye, view, region));
  }
  clock();
  const looks = { whole: opinions, wholeEdges: edgesOf(views), near };
  const found = region ? runSecondPass(first, looks, region, picture) : first;
  const cleared = stages.removeHaze ? removeHaze(found) : found;
  if (mask && strokes) await paintStrokes(mask, strokes, new Pace(signal));
  const refined = mask && (await refineOn(picture, grids, { mask, strokes, found: cleared }));
  const coarse = refined?.coarse ?? cleared;
  const chosen = choice ? chooseSubject(subjectOf(coarse), choice, picture) : null;
  timings.consensus += clock();
  onProgress?.((steps - 1) / steps);
  const guide = stages.guide || mask ? await readGuide(picture, grids, coarse) : undefined;
  timings.guide = clock();
  signal?.throwIfAborted();
  const alpha = await upsampleAlpha(coarse, picture.width, picture.height, depth, guide, signal);
  if (chosen) await keepSubject(alpha, chosen, new Pace(signal));
  if (mask && refined) await keepMask(alpha, mask, refined.band, new Pace(signal));
  if (strokes) await paintStrokes(alpha, strokes, new Pace(signal));
  timings.upsample = clock();
  onProgress?.(1);
  return { alpha, timings, runs: views.length + near.length };
}

/** What all looks at one picture share. */
interface Eye {
  picture: Picture;
  grids: Grids;
  timings: Timings;
  signal: AbortSignal | undefined;
  lift: Lift | undefined;
}

async function look(
  { picture, grids, timings, signal, lift }: Eye,
  { model, squash = false, side }: View,
  region?: Region,
): Promise<CoarseAlpha> {
  const { spec, session } = model;
  const clock = startClock();
  const grid = chooseGrid(spec, session.flexible && !squash, region ?? picture, side);
  const rgb = await grids.read(grid.width, grid.height, region);
  timings.decode += clock();
  signal?.throwIfAborted();
  const input = packTensor(lift?.apply(rgb) ?? rgb, spec, grid);
  timings.pack += clock();
  const { output, waited, ran } = await model.run(input, signal);
  timings.queue += waited;
  timings.inference += ran;
  signal?.throwIfAborted();
  try {
    return readCoarseAlpha(output, spec, grid);
  } catch (cause) {
    throw new AppError('INFERENCE_FAILED', undefined, { cause });
  }
}

/** On a grid of the picture's shape, so that the band is as wide across as down. */
async function refineOn(
  picture: Picture,
  grids: Grids,
  { mask, strokes, found }: { mask: Plane16; strokes: Strokes | undefined; found: CoarseAlpha },
): Promise<RefinedMask> {
  const { width, height } = shapeGrid(picture, Math.max(found.width, found.height));
  return refineMask(mask, resampleAlpha(found, width, height), await grids.read(width, height), strokes);
}

/** The picture is decoded once more, at full size, while it is used. */
async function readGuide(picture: Picture, grids: Grids, coarse: CoarseAlpha): Promise<Guide> {
  const rgb = await grids.read(coarse.width, coarse.height);
  return { fit: fitColor(coarse, rgb), strips: readStrips(picture, 8) };
}

/** Merges all opinions on a grid of the picture's shape; a single one is unchanged. */
function unite(picture: Picture, views: readonly View[], opinions: readonly CoarseAlpha[]): CoarseAlpha {
  if (opinions.length === 1) return opinions[0]!;
  const { width, height } = shapeGrid(picture, Math.max(...opinions.map((o) => Math.max(o.width, o.height))));
  const [first, second, ...others] = opinions.map((opinion) => resampleAlpha(opinion, width, height));
  if (others.length > 0) return findConsensus([first!, second!, ...others], edgesOf(views));
  return joinPair(first!, second!);
}

function edgesOf(views: readonly View[]): number[] {
  return views.flatMap((view, i) => (view.edges ? [i] : []));
}

/** Each call returns the milliseconds since the call before. */
function startClock(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const elapsed = now - last;
    last = now;
    return elapsed;
  };
}
