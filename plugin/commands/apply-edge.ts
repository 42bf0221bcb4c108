import type { Cancellation } from '../cancellation.ts';
import type { Client } from '../client/client.ts';
import { PluginError } from '../errors.ts';
import type { EditScope, Host, LayerFacts } from '../host/host.ts';
import type { Settings } from '../settings/settings.ts';
import { changeEdge } from './change-edge.ts';
import { checkSameDocument, checkSameLayer, checkSameLook } from './check-layer.ts';
import { combineMasks } from './combine-masks.ts';
import { hasSubject, placeAlpha } from './place-alpha.ts';
import type { Report } from './progress.ts';
import { type PutMask, putMask } from './put-mask.ts';
import { readAndSend } from './read-and-send.ts';
import type { Refinable, Result } from './result.ts';
import type { Edged, Run, Taken } from './run.ts';

export function makeRefinable(
  { alpha: _alpha, colors: _colors, ...edged }: Edged,
  put: PutMask,
  settings: Settings,
): Refinable {
  const { source } = edged.job;
  // A Background is another layer by now.
  const job = { source: source.layerId === null ? source : put.facts.target, facts: put.facts };
  return refinableOf({ ...edged, job }, put, settings);
}

function refinableOf(taken: Taken, put: PutMask, settings: Settings): Refinable {
  const { matteId, width, height } = taken;
  return { matteId, width, height, layerName: put.facts.layerName, taken, put, settings };
}

/**
 * Writes the mask of a run again with other edge controls. A mask that is no longer the one of that run is kept as a
 * channel and combined as `settings.existingMask` says. Everything else of the run stays as it was asked for then.
 */
export async function applyEdge(
  host: Host,
  client: Client,
  refinable: Refinable,
  settings: Settings,
  cancel: Cancellation,
  report: Report,
): Promise<Result> {
  const asked = { ...refinable.settings, edge: settings.edge };
  report({ name: 'searching' });
  const server = await client.connect(cancel);
  const edged = await changeEdge({ host, client, server, settings: asked, cancel, report }, refinable.taken);
  const { put } = refinable;
  const layer = put.facts.layerName;
  if (!hasSubject(edged.alpha)) throw new PluginError('NO_SUBJECT', { layer });
  report({ name: 'writing', busy: false });
  const onBusy = () => report({ name: 'writing', busy: true });
  const { documentId } = put.facts.target;
  const again = await host.edit(documentId, 'mask', cancel, onBusy, async (scope) => {
    const now = await host.inspect(put.facts.target);
    checkSameDocument(put.facts, now);
    if (now.hasMask && (await scope.fingerprint(now.target)) === put.fingerprint) {
      checkSameLayer(put.facts, now, { ...asked, existingMask: 'replace' });
      return rewrite(host, scope, edged, now, put);
    }
    // The matte is of the picture alone, or of a mask before this one: the edge of what was painted is not in it.
    const existingMask = settings.existingMask === 'refine' ? 'replace' : settings.existingMask;
    const changed = { ...asked, existingMask };
    if (now.hasMask && changed.existingMask === 'ask') throw new PluginError('MASK_EXISTS', { layer });
    checkSameLayer(put.facts, now, changed);
    return putMask(host, scope, edged, now, changed);
  });
  return {
    layers: [{ layerName: again.facts.layerName, outcome: 'mask' }],
    model: edged.model,
    provider: edged.provider,
    refinable: makeRefinable(edged, again, { ...asked, existingMask: again.policy }),
  };
}

/** Has the picture matted again when the server has dropped the matte, so that previews can go on. */
export async function renewMatte(
  host: Host,
  client: Client,
  refinable: Refinable,
  cancel: Cancellation,
  report: Report,
): Promise<Refinable> {
  const { settings, put } = refinable;
  if (refinable.taken.job.source.layerId === null) throw new PluginError('MATTE_LOST');
  report({ name: 'searching' });
  const server = await client.connect(cancel);
  const run: Run = { host, client, server, settings, cancel, report };
  const { taken } = await readAndSend(run, refinable.taken.job, refinable.taken);
  return refinableOf(taken, put, settings);
}

/** The mask is ours to the last pixel: it is replaced, and what it was combined with is combined again. */
async function rewrite(host: Host, scope: EditScope, edged: Edged, now: LayerFacts, put: PutMask): Promise<PutMask> {
  const { source } = edged.job;
  checkSameLook(now.layerName, put.thumbnail, await scope.readThumbnail(source, edged.region));
  const { alpha, left, top } = edged;
  const mask = placeAlpha(alpha, left, top, now.width, now.height);
  const whole = put.before === null ? mask : combineMasks(put.policy, put.before, mask, edged);
  const fingerprint = await scope.writeMask(now.target, whole, true);
  const thumbnail = await scope.readThumbnail(source, edged.region);
  return { ...put, facts: await host.inspect(now.target), fingerprint, thumbnail };
}
