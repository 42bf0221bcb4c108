import type { Matte } from '../client/client.ts';
import { PluginError } from '../errors.ts';
import type { LayerFacts, ReadScope } from '../host/host.ts';
import type { Alpha, Picture } from '../picture.ts';
import type { Settings } from '../settings/settings.ts';
import { checkDocument, checkReadable, putsMask, wantsColors } from './check-layer.ts';
import { depthOf } from './finish-edge.ts';
import { cutAlpha } from './place-alpha.ts';
import { checkJob, type Job } from './plan-run.ts';
import type { Run, Taken } from './run.ts';
import { regionOf } from './source-region.ts';

/** `picture`: only where colors are wanted; otherwise the largest thing we hold is out of reach before we write. */
interface Answer {
  taken: Taken;
  matte: Matte;
  picture: Picture | null;
}

/** @param before reads what this one read, whatever is selected by now */
export async function readAndSend(run: Run, job: Job, before: Taken | null): Promise<Answer> {
  const { host, client, server, settings, cancel, report } = run;
  const deep = before === null && wantsColors(settings);
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
    const guide = before === null ? await readGuide(scope, facts, settings, picture) : before.guide;
    return { job: { source, facts }, document, marquee, region, thumbnail, guide, picture };
  });
  cancel.throwIfCancelled();
  const { guide } = read;
  // What was sent before has another size: what is read now is no longer the same.
  if (guide !== null && (guide.width !== picture.width || guide.height !== picture.height))
    throw new PluginError('LAYER_CHANGED', { layer: job.facts!.layerName });
  report({ name: 'uploading', fraction: 0 });
  const { subject, refine } = settings;
  const request = { picture, subject, refine, depth: depthOf(read.document), guide };
  const matte = await client.matte(server, request, cancel, {
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

/** The part of the layer's mask that lies over the picture, if its edge is what was asked for. */
async function readGuide(
  scope: ReadScope,
  facts: LayerFacts | null,
  { existingMask, delivery }: Settings,
  { left, top, width, height }: Picture,
): Promise<Alpha | null> {
  if (!facts?.hasMask || existingMask !== 'refine' || !putsMask(delivery)) return null;
  const guide = cutAlpha(await scope.readMask(facts.target, depthOf(facts)), left, top, width, height);
  const [first] = guide.data;
  if (guide.data.every((value) => value === first)) throw new PluginError('FLAT_MASK', { layer: facts.layerName });
  return guide;
}
