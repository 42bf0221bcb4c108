import type { Subject } from '../../protocol/matte.ts';
import { type Cancellation, Cancelled } from '../cancellation.ts';
import type { Client, Matte, Server } from '../client/client.ts';
import { PluginError } from '../errors.ts';
import type { Host, LayerFacts, Target } from '../host/host.ts';
import type { Bounds, Picture } from '../picture.ts';
import { checkLayer, checkSameLook, checkUnchanged } from './check-layer.ts';
import { hasSubject, placeAlpha } from './place-alpha.ts';

/** Where a run is. `for`: what we wait for. `busy`: Photoshop makes us wait before the mask can be written. */
export type Progress =
  | { name: 'searching' }
  | { name: 'reading' }
  | { name: 'uploading'; fraction: number }
  | { name: 'waiting'; for: 'answer' | 'queue' | 'model' }
  | { name: 'writing'; busy: boolean };

export interface Result {
  layerName: string;
  model: string;
  provider: string;
}

/** A matte, where on the canvas it belongs, and what the layer looked like when it was read. */
interface Placed {
  facts: LayerFacts;
  region: Bounds;
  thumbnail: Picture | null;
  left: number;
  top: number;
  matte: Matte;
}

/**
 * Masks the person or object on the selected layer. Reads in one modal scope and writes in another; in between
 * Photoshop belongs to the user. Throws Cancelled, PluginError or ServerError, and then the document is as it was.
 */
export async function maskSubject(
  host: Host,
  client: Client,
  subject: Subject,
  cancel: Cancellation,
  report: (progress: Progress) => void,
): Promise<Result> {
  const target = host.activeTarget();
  // What can be said without the server is said first, and at once.
  checkLayer(await host.inspect(target));
  report({ name: 'searching' });
  const server = await client.connect(cancel);
  checkModel(server, subject);
  const placed = await readAndSend(host, client, { server, target, subject }, cancel, report);
  cancel.throwIfCancelled();
  if (!hasSubject(placed.matte.alpha)) throw new PluginError('NO_SUBJECT', { layer: placed.facts.layerName });
  report({ name: 'writing', busy: false });
  const layerName = await writeMask(host, placed, cancel, () => report({ name: 'writing', busy: true }));
  return { layerName, model: placed.matte.model, provider: placed.matte.provider };
}

/**
 * Only a model that is not there stops us: one that is loading will answer, one that failed may work the next time.
 * The server speaks of its model for portraits; about the one for objects it says nothing before it is asked.
 */
function checkModel({ ready }: Server, subject: Subject): void {
  if (subject !== 'portrait' || ready?.state !== 'missing') return;
  throw new PluginError('MODEL_MISSING', { model: ready.model }, ready.reason ?? '');
}

/** A function of its own so that the picture, the largest thing we hold, is out of reach before the mask is made. */
async function readAndSend(
  host: Host,
  client: Client,
  { server, target, subject }: { server: Server; target: Target; subject: Subject },
  cancel: Cancellation,
  report: (progress: Progress) => void,
): Promise<Placed> {
  report({ name: 'reading' });
  const { picture, ...read } = await host.read(cancel, async (scope) => {
    const facts = await host.inspect(target);
    const region = checkLayer(facts);
    const thumbnail = await scope.readThumbnail(target, region);
    return { facts, region, thumbnail, picture: await scope.readPixels(target, region) };
  });
  cancel.throwIfCancelled();
  report({ name: 'uploading', fraction: 0 });
  // 32-bit documents have 16-bit masks on the wire too: alpha needs no more, and the server knows no float.
  const depth = read.facts.depth === 8 ? 8 : 16;
  const matte = await client.matte(server, { picture, subject, depth }, cancel, {
    onUpload: (fraction) => report({ name: 'uploading', fraction }),
    onSent: () => report({ name: 'waiting', for: 'answer' }),
    onQueued: () => report({ name: 'waiting', for: 'queue' }),
    onDownloading: () => report({ name: 'waiting', for: 'model' }),
  });
  return { ...read, left: picture.left, top: picture.top, matte };
}

/** Answers with the layer's name, which for a Background is a new one. */
async function writeMask(host: Host, placed: Placed, cancel: Cancellation, onBusy: () => void): Promise<string> {
  const { facts, region, thumbnail, left, top, matte } = placed;
  checkUnchanged(facts, await host.inspect(facts.target));
  const mask = placeAlpha(matte.alpha, left, top, facts.width, facts.height);
  let target = facts.target;
  let written = false;
  const edit = host.edit(target.documentId, cancel, onBusy, async (scope) => {
    // Again, because getting into the modal scope may have taken as long as the user's transform or crop.
    const now = await host.inspect(target);
    checkUnchanged(facts, now);
    checkSameLook(facts, thumbnail, await scope.readThumbnail(target, region));
    if (now.background) target = await scope.convertBackground(target);
    await scope.writeMask(target, mask);
    written = true;
  });
  try {
    await edit;
  } catch (thrown) {
    if (!(thrown instanceof Cancelled)) throw thrown;
  }
  // A cancel may come too late, or while Photoshop takes the mask back: say what is true, not what was asked for.
  const after = written ? await host.inspect(target).catch(() => null) : null;
  if (cancel.cancelled && after?.hasMask !== true) throw new Cancelled();
  return after?.layerName ?? facts.layerName;
}
