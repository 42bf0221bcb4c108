import type { Document } from 'photoshop/dom/Document.js';
import { PluginError, textOf } from '../errors.ts';
import { inFront, type MaskWay } from '../host-profile.ts';
import type { Alpha } from '../picture.ts';
import { findDifference } from './compare-mask.ts';
import { getHasMask, play } from './descriptors.ts';
import type { Target } from './host.ts';
import { depthOf, findLayer } from './layers.ts';
import { MASK_PROFILE, toEightBit, withMaskData } from './mask-data.ts';
import type { MaskPart } from './mask-part.ts';
import { readMaskStrips } from './mask-reader.ts';
import type { ModalScope } from './modal-scope.ts';
import { writeThroughSelection } from './selection-mask.ts';
import { imaging } from './uxp.ts';

/** Out of the global object once: a look there for every pixel takes seconds. */
const { imul, round } = Math;

/**
 * Gives the layer its mask, in place of one that it may have, and reads it back. How Photoshop takes 16-bit masks, gray
 * profiles and blocks of zeros differs between versions, so there is more than one way, and a way counts only if the mask
 * reads back right.
 * @param keepsLook the density and feather of the old mask, which belong to it in the Properties panel, stay
 */
export async function writeMask(
  scope: ModalScope,
  document: Document,
  target: Target,
  mask: Alpha,
  keepsLook: boolean,
): Promise<string> {
  const layer = findLayer(document, target.layerId);
  const density = keepsLook ? layer.layerMaskDensity : 100;
  const feather = keepsLook ? layer.layerMaskFeather : 0;
  const fingerprint = await writeSomehow(scope, document, target, mask);
  // Whether they outlive the mask that they were set for is not documented.
  if (layer.layerMaskDensity !== density) layer.layerMaskDensity = density;
  if (layer.layerMaskFeather !== feather) layer.layerMaskFeather = feather;
  return fingerprint;
}

async function writeSomehow(scope: ModalScope, document: Document, target: Target, mask: Alpha): Promise<string> {
  const failures: string[] = [];
  for (const way of waysTo(scope, document, target)) {
    if (way === 'put-8' && mask.depth === 8) continue;
    scope.check();
    try {
      const { fault, fingerprint } = await writeBy(way, scope, document, target, mask);
      if (fault === null) return fingerprint;
      failures.push(`${way}: ${fault}`);
    } catch (thrown) {
      scope.check();
      failures.push(`${way}: ${textOf(thrown)}`);
    }
  }
  throw explain(document, target, failures.join('; '));
}

/** Those that work in this Photoshop first. */
function waysTo({ profile }: ModalScope, document: Document, { layerId }: Target): readonly MaskWay[] {
  const ways = profile.maskWays[depthOf(document)];
  const { kind } = findLayer(document, layerId);
  const isRefused = profile.selectionFirst.some((name) => name === kind || name === document.mode);
  return isRefused ? inFront(ways, ['selection']) : ways;
}

/** One way, and what is wrong with what came of it; null if nothing is. */
export async function writeBy(
  way: MaskWay,
  scope: ModalScope,
  document: Document,
  target: Target,
  mask: Alpha,
): Promise<{ fault: string | null; fingerprint: string }> {
  if (way === 'selection') await writeThroughSelection(scope, document, target, toEightBit(mask));
  else
    await putMask(scope, target, way === 'put-8' ? toEightBit(mask) : mask, way === 'put-plain' ? null : MASK_PROFILE);
  return verify(scope, target, mask);
}

/** A partial lock usually allows masks and is not refused at the start; when it did not, it is the likely reason. */
function explain(document: Document, target: Target, detail: string): PluginError {
  const layer = findLayer(document, target.layerId);
  const locked = layer.locked || layer.pixelsLocked;
  return new PluginError(locked ? 'LAYER_LOCKED' : 'WRITE_FAILED', { layer: layer.name }, detail);
}

export function putMask(
  scope: ModalScope,
  { documentId, layerId }: Target,
  mask: Alpha,
  colorProfile: string | null,
): Promise<void> {
  return withMaskData(mask, colorProfile, async (put) => {
    await imaging.putLayerMask({ documentID: documentId, layerID: layerId, ...put, commandName: scope.name });
  });
}

/** Says what is wrong with the mask in the document, or null if nothing is. All of it is read: faults come in blocks. */
async function verify(
  scope: ModalScope,
  target: Target,
  mask: Alpha,
): Promise<{ fault: string | null; fingerprint: string }> {
  if ((await play(getHasMask(target))).hasUserMask === false)
    return { fault: 'the layer has no mask', fingerprint: '' };
  const fingerprint = new Fingerprint();
  let fault: string | null = null;
  await readMaskStrips(scope, target, mask, (part) => {
    fingerprint.add(part);
    // What cannot be read counts as right.
    if (part !== null) fault = findDifference(mask, part);
    return fault === null;
  });
  return { fault, fingerprint: fingerprint.text };
}

/** Of the mask as Photoshop gives it back; null where the layer has none. */
export async function fingerprintOf(scope: ModalScope, document: Document, target: Target): Promise<string | null> {
  if ((await play(getHasMask(target))).hasUserMask === false) return null;
  const fingerprint = new Fingerprint();
  const size = { width: Math.round(document.width), height: Math.round(document.height) };
  await readMaskStrips(scope, target, size, (part) => {
    fingerprint.add(part);
    return true;
  });
  return fingerprint.text;
}

const PRIME = 0x01000193;

/** FNV-1a over the samples and their position: detects painting on a mask; not cryptographic. */
class Fingerprint {
  private hash = 0x811c9dc5;

  add(part: MaskPart | null): void {
    this.mix(part === null ? 0 : 1);
    if (part === null) return;
    for (const number of [part.left, part.top, part.width, part.height]) this.mix(number);
    const { samples } = part;
    const scale = samples.BYTES_PER_ELEMENT === 4 ? 65535 : 1;
    let { hash } = this;
    for (let index = 0; index < samples.length; index++) hash = imul(hash ^ round(samples[index]! * scale), PRIME);
    this.hash = hash;
  }

  get text(): string {
    return (this.hash >>> 0).toString(16);
  }

  private mix(number: number): void {
    this.hash = imul(this.hash ^ number, PRIME);
  }
}
