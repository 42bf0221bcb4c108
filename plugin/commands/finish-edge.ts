import type { EdgeControls } from '../../protocol/edge.ts';
import { NEUTRAL_EDGE } from '../../protocol/edge.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import type { Matte } from '../client/client.ts';
import { isServerError, PluginError } from '../errors.ts';
import type { DocumentFacts } from '../host/host.ts';
import type { Alpha, Picture } from '../picture.ts';
import { keepFixes } from './color-fixes.ts';
import { limitToMarquee, opacityOf, setOpacity } from './combine-masks.ts';
import type { Run, Taken } from './run.ts';

/** @param matte a fresh one, which may be right already */
export async function finishEdge(run: Run, taken: Taken, matte: Matte | null): Promise<Alpha> {
  const { client, server, settings, cancel } = run;
  const { left, top, marquee } = taken;
  if (matte !== null && isNeutral(settings.edge)) return limitToMarquee(matte.alpha, left, top, marquee);
  const request = { ...edgeOf(settings.edge), depth: depthOf(taken.document) };
  const ask = (id: string) => client.edge(server, id, request, cancel);
  const alpha = await askKept(run, taken, matte !== null, ask);
  return limitToMarquee(alpha, left, top, marquee);
}

/** Colors without those of the old background. */
export async function takeColors(run: Run, taken: Taken, picture: Picture): Promise<Picture | null> {
  const { client, server, settings, cancel } = run;
  const { left, top, marquee } = taken;
  const output = settings.delivery === 'layer' ? 'cutout' : 'foreground';
  const request = { ...edgeOf(settings.edge), output, depth: picture.depth } as const;
  const pixels = await askKept(run, taken, true, (id) => client.colors(server, id, request, cancel));
  if (output === 'foreground') return keepFixes(pixels, picture);
  if (marquee !== null) setOpacity(pixels, limitToMarquee(opacityOf(pixels), left, top, marquee));
  return { ...pixels, left, top, profile: picture.profile };
}

/** @param fresh one that is gone already: asking for another would change nothing */
async function askKept<T extends { width: number; height: number }>(
  { cancel }: Run,
  { matteId, width, height }: Taken,
  fresh: boolean,
  ask: (matteId: string) => Promise<T>,
): Promise<T> {
  if (matteId === null) throw new PluginError('NOT_KEPT');
  const answer = await ask(matteId).catch((thrown) => {
    throw fresh && isServerError(thrown, 'MATTE_GONE') ? new PluginError('NOT_KEPT') : thrown;
  });
  cancel.throwIfCancelled();
  if (answer.width === width && answer.height === height) return answer;
  throw new PluginError('BAD_ANSWER', {}, `${width}x${height} came as ${answer.width}x${answer.height}`);
}

/** 32-bit documents have 16-bit masks on the wire too: alpha needs no more, and the server knows no float. */
export function depthOf({ depth }: DocumentFacts): 8 | 16 {
  return depth === 8 ? 8 : 16;
}

/** Taking colors out of the edge is for outputs that have colors. */
function isNeutral(edge: EdgeControls): boolean {
  return (Object.keys(NEUTRAL_EDGE) as (keyof EdgeControls)[]).every(
    (key) => key === 'decontaminate' || edge[key] === NEUTRAL_EDGE[key],
  );
}

/** Only what the server knows: settings may come from a newer recording. */
function edgeOf(edge: EdgeControls): EdgeRequest {
  const request: Record<string, number> = {};
  for (const key of Object.keys(NEUTRAL_EDGE) as (keyof EdgeControls)[]) request[key] = edge[key];
  return request;
}
