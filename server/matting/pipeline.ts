import type { Depth } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import type { AlphaPlane, Picture } from '../imaging/picture.ts';
import type { LoadedModel } from '../inference/session-cache.ts';
import { readCoarseAlpha } from './coarse-alpha.ts';
import { chooseGrid, packTensor } from './preprocess.ts';
import { upsampleAlpha } from './upsample.ts';

/** Milliseconds per stage. */
export type Timings = Record<'decode' | 'pack' | 'queue' | 'inference' | 'upsample', number>;

export interface Matte {
  alpha: AlphaPlane;
  timings: Timings;
}

/**
 * Picture to alpha matte at the picture's own size.
 * @throws {AppError} TRUNCATED_IMAGE, INFERENCE_FAILED; the signal's reason when aborted between two stages.
 */
export async function estimateMatte(
  picture: Picture,
  model: LoadedModel,
  { depth, signal }: { depth: Depth; signal?: AbortSignal },
): Promise<Matte> {
  const clock = startClock();
  const grid = chooseGrid(model.spec, model.session.flexible, picture);
  const rgb = await picture.readGrid(grid.width, grid.height);
  const decode = clock();
  signal?.throwIfAborted();
  const input = packTensor(rgb, model.spec, grid);
  const pack = clock();
  const { output, waited, ran } = await model.run(input, signal);
  signal?.throwIfAborted();
  clock();
  const coarse = read();
  const alpha = await upsampleAlpha(coarse, picture.width, picture.height, depth);
  return { alpha, timings: { decode, pack, queue: waited, inference: ran, upsample: clock() } };

  function read() {
    try {
      return readCoarseAlpha(output, model.spec, grid);
    } catch (cause) {
      throw new AppError('INFERENCE_FAILED', undefined, { cause });
    }
  }
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
