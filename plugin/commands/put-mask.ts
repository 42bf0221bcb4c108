import type { EditScope, Host, LayerFacts } from '../host/host.ts';
import type { Alpha, Picture } from '../picture.ts';
import type { Settings } from '../settings/settings.ts';
import { checkSameDocument, checkSameLayer, checkSameLook } from './check-layer.ts';
import { combineMasks } from './combine-masks.ts';
import { placeAlpha } from './place-alpha.ts';
import type { Edged, Taken } from './run.ts';

/** A mask that we wrote, and what is needed to write it again with another edge. */
export interface PutMask {
  /** After writing: a Background is another layer by then. */
  facts: LayerFacts;
  fingerprint: string;
  thumbnail: Picture | null;
  /** The mask that was combined with ours; null where there was none, or where ours took its place. */
  before: Alpha | null;
  policy: Settings['existingMask'];
}

/** Throws if what was read does not fit the document any more. Answers with what the layer is now. */
export async function checkStill(host: Host, scope: EditScope, taken: Taken, settings: Settings) {
  const { source, facts } = taken.job;
  const now = facts === null ? null : await host.inspect(facts.target);
  if (facts !== null && now !== null) checkSameLayer(facts, now, settings);
  else checkSameDocument(taken.document, host.inspectDocument(source.documentId));
  // A mask changes what Photoshop hands out.
  if (facts?.hasMask !== now?.hasMask) return now;
  const name = facts?.layerName ?? taken.document.documentName;
  checkSameLook(name, taken.thumbnail, await scope.readThumbnail(source, taken.region));
  return now;
}

/** Puts the matte on the layer that it was made for. A mask that is there already is kept as a channel first. */
export async function putMask(
  host: Host,
  scope: EditScope,
  edged: Edged,
  now: LayerFacts,
  settings: Settings,
): Promise<PutMask> {
  const { alpha, left, top } = edged;
  const { source } = edged.job;
  const policy = settings.existingMask;
  let mask = placeAlpha(alpha, left, top, now.width, now.height);
  let before: Alpha | null = null;
  let { target } = now;
  if (now.background) target = await scope.convertBackground(target);
  if (now.hasMask) {
    const kept = await scope.readMask(target, mask.depth);
    await scope.keepMask(target, kept);
    if (policy !== 'replace') before = kept;
    mask = combineMasks(policy, kept, mask, edged);
  }
  const fingerprint = await scope.writeMask(target, mask, before !== null);
  const facts = await host.inspect(target);
  const read = source.layerId === null ? source : target;
  return { facts, fingerprint, thumbnail: await scope.readThumbnail(read, edged.region), before, policy };
}
