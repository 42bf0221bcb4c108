import type { Document } from 'photoshop/dom/Document.js';
import { PluginError, textOf } from '../errors.ts';
import type { Alpha, Bounds } from '../picture.ts';
import { cutStrips, findDifference } from './compare-mask.ts';
import { getHasMask, play } from './descriptors.ts';
import type { Target } from './host.ts';
import { findLayer } from './layers.ts';
import { MASK_PROFILE, toEightBit, withMaskData } from './mask-data.ts';
import type { ModalScope } from './modal-scope.ts';
import { writeThroughSelection } from './selection-mask.ts';
import { imaging } from './uxp.ts';

interface Way {
  name: string;
  write(): Promise<void>;
}

/**
 * Gives the layer its mask and reads it back. How Photoshop takes 16-bit masks, grey profiles and blocks of zeros
 * differs between versions, so there is more than one way, and a way counts only if the mask reads back right.
 */
export async function writeMask(scope: ModalScope, document: Document, target: Target, mask: Alpha): Promise<void> {
  const put = (name: string, alpha: () => Alpha, profile: string | null): Way => ({
    name,
    write: () => putMask(target, alpha(), profile),
  });
  const ways = [
    put('put', () => mask, MASK_PROFILE),
    put('put without profile', () => mask, null),
    ...(mask.depth === 8 ? [] : [put('put 8 bit', () => toEightBit(mask), MASK_PROFILE)]),
    { name: 'selection', write: () => writeThroughSelection(scope, document, target, toEightBit(mask)) },
  ];
  const failures: string[] = [];
  for (const way of ways) {
    scope.check();
    try {
      await way.write();
      const fault = await findFault(scope, target, mask);
      if (fault === null) return;
      failures.push(`${way.name}: ${fault}`);
    } catch (thrown) {
      scope.check();
      failures.push(`${way.name}: ${textOf(thrown)}`);
    }
  }
  throw explain(document, target, failures.join('; '));
}

/** A partial lock usually allows masks and is not refused at the start; when it did not, it is the likely reason. */
function explain(document: Document, target: Target, detail: string): PluginError {
  const layer = findLayer(document, target.layerId);
  const locked = layer.locked || layer.pixelsLocked;
  return new PluginError(locked ? 'LAYER_LOCKED' : 'WRITE_FAILED', { layer: layer.name }, detail);
}

function putMask({ documentId, layerId }: Target, mask: Alpha, colorProfile: string | null): Promise<void> {
  return withMaskData(mask, colorProfile, async (put) => {
    await imaging.putLayerMask({ documentID: documentId, layerID: layerId, ...put });
  });
}

/** Says what is wrong with the mask in the document, or null if nothing is. All of it is read: faults come in blocks. */
async function findFault(scope: ModalScope, target: Target, mask: Alpha): Promise<string | null> {
  if ((await play(getHasMask(target))).hasUserMask === false) return 'the layer has no mask';
  for (const strip of cutStrips(mask.width, mask.height)) {
    scope.check();
    const fault = await compareStrip(target, mask, strip);
    if (fault !== null) return fault;
    scope.report(strip.bottom / mask.height);
  }
  return null;
}

/** What cannot be read counts as right: some versions answer nothing where a mask is all black or all white. */
async function compareStrip(target: Target, mask: Alpha, sourceBounds: Bounds): Promise<string | null> {
  const { documentId: documentID, layerId: layerID } = target;
  const read = await imaging.getLayerMask({ documentID, layerID, kind: 'user', sourceBounds }).catch(() => null);
  if (read === null) return null;
  try {
    const { width, height } = read.imageData;
    const samples = await read.imageData.getData({ chunky: true, fullRange: true });
    // The answer may be trimmed, so its own bounds say where it lies.
    const { left, top } = read.sourceBounds;
    const fits = left >= 0 && top >= 0 && left + width <= mask.width && top + height <= mask.height;
    if (!fits || samples.length !== width * height) return null;
    return findDifference(mask, { left, top, width, height, samples });
  } finally {
    read.imageData.dispose();
  }
}
