import { isServerError, PluginError } from '../errors.ts';
import { finishEdge } from './finish-edge.ts';
import { readAndSend } from './read-and-send.ts';
import type { Edged, Run, Taken } from './run.ts';

/** The same matte with another edge; if the server has dropped it, the picture is read and sent again. */
export async function changeEdge(run: Run, taken: Taken): Promise<Edged> {
  if (taken.matteId !== null) {
    run.report({ name: 'waiting', for: 'answer' });
    try {
      return { ...taken, alpha: await finishEdge(run, taken, null), colors: null };
    } catch (thrown) {
      if (!isServerError(thrown, 'MATTE_GONE')) throw thrown;
    }
  }
  // What all layers show together shows our own mask by now.
  if (taken.job.source.layerId === null) throw new PluginError('MATTE_LOST');
  const again = await readAndSend(run, taken.job, taken);
  return { ...again.taken, alpha: await finishEdge(run, again.taken, again.matte), colors: null };
}
