import { finishEdge, takeColors } from './finish-edge.ts';
import type { Job } from './plan-run.ts';
import { readAndSend } from './read-and-send.ts';
import type { Edged, Run } from './run.ts';

/** Reads a picture, has it matted and gives it the edge that was asked for. */
export async function takeMatte(run: Run, job: Job): Promise<Edged> {
  const { taken, matte, picture } = await readAndSend(run, job, null);
  const alpha = await finishEdge(run, taken, matte);
  return { ...taken, alpha, colors: picture === null ? null : await takeColors(run, taken, picture) };
}
