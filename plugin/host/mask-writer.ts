import type { Document } from 'photoshop/dom/Document.js';
import { PluginError, textOf } from '../errors.ts';
import type { Alpha } from '../picture.ts';
import { shareToByte } from './convert-pixels.ts';
import { getHasMask, play } from './descriptors.ts';
import type { Target } from './host.ts';
import { createMaskData, HISTORY_NAME, MASK_PROFILE, toEightBit } from './mask-data.ts';
import { pickSpots } from './mask-spots.ts';
import type { ModalScope } from './modal-scope.ts';
import { writeThroughSelection } from './selection-mask.ts';
import { imaging } from './uxp.ts';

/** What a value may be off by after a write: 1/255, and the rounding of the comparison itself. */
const TOLERANCE = 1;

interface Way {
  name: string;
  write(): Promise<void>;
}

/**
 * Gives the layer its mask and reads parts of it back. How Photoshop takes 16-bit masks, grey profiles and blocks of
 * zeros differs between versions, so there is more than one way, and a way counts only if the mask reads back right.
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
  const spots = pickSpots(mask);
  const failures: string[] = [];
  for (const way of ways) {
    scope.check();
    try {
      await way.write();
      scope.check();
      const fault = await findFault(target, mask, spots);
      scope.check();
      if (fault === null) return;
      failures.push(`${way.name}: ${fault}`);
    } catch (thrown) {
      scope.check();
      failures.push(`${way.name}: ${textOf(thrown)}`);
    }
  }
  throw new PluginError('WRITE_FAILED', {}, failures.join('; '));
}

async function putMask(target: Target, mask: Alpha, colorProfile: string | null): Promise<void> {
  const imageData = await createMaskData(mask, colorProfile);
  try {
    await imaging.putLayerMask({
      documentID: target.documentId,
      layerID: target.layerId,
      imageData,
      replace: true,
      targetBounds: { left: 0, top: 0, width: mask.width, height: mask.height },
      commandName: HISTORY_NAME,
    });
  } finally {
    imageData.dispose();
  }
}

/** Says what is wrong with the mask in the document, or null if nothing is. */
async function findFault(target: Target, mask: Alpha, spots: ReturnType<typeof pickSpots>): Promise<string | null> {
  if ((await play(getHasMask(target))).hasUserMask === false) return 'the layer has no mask';
  for (const spot of spots) {
    const difference = await measure(target, mask, spot.bounds);
    if (difference > TOLERANCE) return `${spot.kind} part is off by ${difference}/255`;
  }
  return null;
}

/** Largest difference between mask and document within a square, in 255ths. Unreadable counts as right: it is no proof. */
async function measure(
  target: Target,
  mask: Alpha,
  sourceBounds: ReturnType<typeof pickSpots>[number]['bounds'],
): Promise<number> {
  const { documentId: documentID, layerId: layerID } = target;
  const read = await imaging.getLayerMask({ documentID, layerID, kind: 'user', sourceBounds }).catch(() => null);
  if (read === null) return 0;
  try {
    const { imageData } = read;
    const samples = await imageData.getData({ chunky: true, fullRange: true });
    const bytes = mask.depth === 8 ? 1 : 2;
    let largest = 0;
    for (let y = 0; y < imageData.height; y++) {
      for (let x = 0; x < imageData.width; x++) {
        // The answer may be trimmed, so its own bounds say where it lies.
        const expected = mask.data[(y + read.sourceBounds.top) * mask.width + x + read.sourceBounds.left];
        const sample = samples[(y * imageData.width + x) * imageData.components];
        if (expected === undefined || sample === undefined) continue;
        const written = shareToByte(sample, samples.BYTES_PER_ELEMENT);
        largest = Math.max(largest, Math.abs(written - shareToByte(expected, bytes)));
      }
    }
    return largest;
  } finally {
    read.imageData.dispose();
  }
}
