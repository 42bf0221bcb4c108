import type { EdgeRequest } from '../../protocol/edge.ts';
import { type EdgeControls, NEUTRAL_EDGE } from '../../protocol/edge.ts';
import type { Cancellation } from '../cancellation.ts';
import type { Client, Matte, Server } from '../client/client.ts';
import { isServerError, PluginError } from '../errors.ts';
import type { DocumentFacts, Host, LayerFacts, Marquee, Source } from '../host/host.ts';
import { type Alpha, type Bounds, heightOf, intersect, isEmpty, type Picture, widthOf } from '../picture.ts';
import type { Settings } from '../settings/settings.ts';
import { canvasOf, checkDocument, checkReadable, wantsColours } from './check-layer.ts';
import { keepFixes } from './colour-fixes.ts';
import { limitToMarquee, opacityOf, setOpacity } from './combine-masks.ts';
import { checkJob, type Job } from './plan-run.ts';
import type { Step } from './progress.ts';

/** What was read for one matte, and where on the canvas it lies. */
export interface Taken {
  job: Job;
  document: DocumentFacts;
  region: Bounds;
  thumbnail: Picture | null;
  marquee: Marquee | null;
  left: number;
  top: number;
  width: number;
  height: number;
  matteId: string | null;
  model: string;
  provider: string;
}

export interface Edged extends Taken {
  /** With the edge controls and the user's selection in it, over `width` x `height`. */
  alpha: Alpha;
  /** A cut-out, or what cleans the colours of the original; null where none are wanted, or nothing is to clean. */
  colours: Picture | null;
}

/** Everything a stage of a run needs beside its subject. */
export interface Run {
  host: Host;
  client: Client;
  server: Server;
  settings: Settings;
  cancel: Cancellation;
  report: (step: Step) => void;
}

/** How much around a selection is read too, as a share of its longer side: a network wants to see some background. */
const MARGIN = 1 / 8;
const SMALLEST_MARGIN = 16;

/** Reads a picture, has it matted and gives it the edge that was asked for. */
export async function takeMatte(run: Run, job: Job): Promise<Edged> {
  const { taken, matte, picture } = await readAndSend(run, job, null);
  const alpha = await finishEdge(run, taken, matte);
  return { ...taken, alpha, colours: picture === null ? null : await takeColours(run, taken, picture) };
}

/** The same matte with another edge; if the server has dropped it, the picture is read and sent again. */
export async function changeEdge(run: Run, taken: Taken): Promise<Edged> {
  if (taken.matteId !== null) {
    run.report({ name: 'waiting', for: 'answer' });
    try {
      return { ...taken, alpha: await finishEdge(run, taken, null), colours: null };
    } catch (thrown) {
      if (!isServerError(thrown, 'MATTE_GONE')) throw thrown;
    }
  }
  // What all layers show together shows our own mask by now.
  if (taken.job.source.layerId === null) throw new PluginError('MATTE_LOST');
  const again = await readAndSend(run, taken.job, taken);
  return { ...again.taken, alpha: await finishEdge(run, again.taken, again.matte), colours: null };
}

/** `picture`: only where colours are wanted; otherwise the largest thing we hold is out of reach before we write. */
interface Answer {
  taken: Taken;
  matte: Matte;
  picture: Picture | null;
}

/** @param before reads what this one read, whatever is selected by now */
export async function readAndSend(run: Run, job: Job, before: Taken | null): Promise<Answer> {
  const { host, client, server, settings, cancel, report } = run;
  const deep = before === null && wantsColours(settings);
  report({ name: 'reading' });
  const { picture, ...read } = await host.read(cancel, async (scope) => {
    const { source } = job;
    const facts = job.facts === null ? null : await host.inspect(job.facts.target);
    const document = facts ?? host.inspectDocument(source.documentId);
    checkDocument(document, settings);
    if (before === null) checkJob({ source, facts }, settings);
    else if (facts !== null && source.layerId !== null) checkReadable(facts);
    const marquee = before === null ? await scope.readSelection(source.documentId) : before.marquee;
    const region = regionOf(source, document, facts, marquee);
    const thumbnail = await scope.readThumbnail(source, region);
    const picture = await scope.readPicture(source, region, deep);
    return { job: { source, facts }, document, marquee, region, thumbnail, picture };
  });
  cancel.throwIfCancelled();
  report({ name: 'uploading', fraction: 0 });
  const { subject, refine } = settings;
  const matte = await client.matte(server, { picture, subject, refine, depth: depthOf(read.document) }, cancel, {
    onUpload: (fraction) => report({ name: 'uploading', fraction }),
    onSent: () => report({ name: 'waiting', for: 'answer' }),
    onQueued: () => report({ name: 'waiting', for: 'queue' }),
    onDownloading: () => report({ name: 'waiting', for: 'model' }),
  });
  cancel.throwIfCancelled();
  const { left, top, width, height } = picture;
  const { matteId, model, provider } = matte;
  const taken = { ...read, left, top, width, height, matteId, model, provider };
  return { taken, matte, picture: deep ? picture : null };
}

/** @param matte a fresh one, which may be right already */
async function finishEdge(run: Run, taken: Taken, matte: Matte | null): Promise<Alpha> {
  const { client, server, settings, cancel } = run;
  const { left, top, marquee } = taken;
  if (matte !== null && isNeutral(settings.edge)) return limitToMarquee(matte.alpha, left, top, marquee);
  const request = { ...edgeOf(settings.edge), depth: depthOf(taken.document) };
  const ask = (id: string) => client.edge(server, id, request, cancel);
  const alpha = await askKept(run, taken, matte !== null, ask);
  return limitToMarquee(alpha, left, top, marquee);
}

/** Colours without those of the old background. */
async function takeColours(run: Run, taken: Taken, picture: Picture): Promise<Picture | null> {
  const { client, server, settings, cancel } = run;
  const { left, top, marquee } = taken;
  const output = settings.delivery === 'layer' ? 'cutout' : 'foreground';
  const request = { ...edgeOf(settings.edge), output, depth: picture.depth } as const;
  const pixels = await askKept(run, taken, true, (id) => client.colours(server, id, request, cancel));
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

function regionOf(source: Source, document: DocumentFacts, facts: LayerFacts | null, marquee: Marquee | null): Bounds {
  const name = facts?.layerName ?? document.documentName;
  const canvas = canvasOf(document);
  // A masked layer may be larger than it says.
  const isWhole = facts === null || facts.hasMask || source.layerId === null;
  const visible = isWhole ? canvas : intersect(facts.bounds, canvas);
  if (marquee === null) return visible;
  if (isEmpty(intersect(visible, marquee.bounds))) throw new PluginError('OUTSIDE_SELECTION', { layer: name });
  const { left, top, right, bottom } = marquee.bounds;
  const longer = Math.max(widthOf(marquee.bounds), heightOf(marquee.bounds));
  const margin = Math.max(SMALLEST_MARGIN, Math.round(longer * MARGIN));
  const around = { left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin };
  return intersect(visible, around);
}

/** 32-bit documents have 16-bit masks on the wire too: alpha needs no more, and the server knows no float. */
export function depthOf({ depth }: DocumentFacts): 8 | 16 {
  return depth === 8 ? 8 : 16;
}

/** Taking colours out of the edge is for outputs that have colours. */
export function isNeutral(edge: EdgeControls): boolean {
  return (Object.keys(NEUTRAL_EDGE) as (keyof EdgeControls)[]).every(
    (key) => key === 'decontaminate' || edge[key] === NEUTRAL_EDGE[key],
  );
}

/** Only what the server knows: settings may come from a newer recording. */
export function edgeOf(edge: EdgeControls): EdgeRequest {
  const request: Record<string, number> = {};
  for (const key of Object.keys(NEUTRAL_EDGE) as (keyof EdgeControls)[]) request[key] = edge[key];
  return request;
}
