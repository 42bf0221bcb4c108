import type { Document } from 'photoshop/dom/Document.js';
import type { imaging as Imaging } from 'photoshop/dom/ImagingModule.js';
import { PluginError, textOf } from '../errors.ts';
import { type Alpha, heightOf, intersect, isEmpty, widthOf } from '../picture.ts';
import { withActiveDocument } from './active-layer.ts';
import { findDifference } from './compare-mask.ts';
import { shareToByte } from './convert-pixels.ts';
import { deselect, play } from './descriptors.ts';
import type { Marquee } from './host.ts';
import { roundOutwards } from './layers.ts';
import { toEightBit, withMaskData } from './mask-data.ts';
import { copyPart, createAlpha, readPart, takePart } from './mask-part.ts';
import type { ModalScope } from './modal-scope.ts';
import { imaging } from './uxp.ts';

/**
 * What the user has selected; null when nothing is. Selections have eight bits, whatever the document. What `selection` of
 * a document that is not active tells of is not documented.
 */
export function readSelection(scope: ModalScope, document: Document): Promise<Marquee | null> {
  return withActiveDocument(document, () => readActiveSelection(scope, document));
}

async function readActiveSelection(scope: ModalScope, document: Document): Promise<Marquee | null> {
  const { bounds } = document.selection;
  if (!bounds) return null;
  const canvas = { left: 0, top: 0, right: Math.round(document.width), bottom: Math.round(document.height) };
  const sourceBounds = intersect(roundOutwards(bounds), canvas);
  if (isEmpty(sourceBounds)) throw new PluginError('OUTSIDE_SELECTION', { layer: document.name });
  const [width, height] = [widthOf(sourceBounds), heightOf(sourceBounds)];
  const data = new Uint8Array(width * height);
  const { imageData, sourceBounds: found } = await imaging.getSelection({ documentID: document.id, sourceBounds });
  try {
    scope.check();
    const samples = await imageData.getData({ chunky: true, fullRange: true });
    const { BYTES_PER_ELEMENT: bytes } = samples;
    // Trimmed or not: where it lies is what Photoshop returned.
    const shared = intersect(sourceBounds, {
      left: found.left,
      top: found.top,
      right: found.left + imageData.width,
      bottom: found.top + imageData.height,
    });
    for (let y = shared.top; y < shared.bottom; y++) {
      let from = (y - found.top) * imageData.width + shared.left - found.left;
      let to = (y - sourceBounds.top) * width + shared.left - sourceBounds.left;
      for (let x = shared.left; x < shared.right; x++) data[to++] = shareToByte(samples[from++]!, bytes);
    }
  } finally {
    imageData.dispose();
  }
  return { bounds: sourceBounds, alpha: { width, height, depth: 8, data } };
}

/**
 * Makes opacity of the canvas size the selection, and reads it back; nothing opaque: nothing selected. Whether selections
 * take 16 bits is not documented. The document must be active.
 */
export async function select(scope: ModalScope, document: Document, alpha: Alpha): Promise<void> {
  if (alpha.data.every((value) => value === 0)) {
    if (document.selection.bounds) await play(deselect());
    return;
  }
  const failures: string[] = [];
  const forms = alpha.depth === 8 ? [alpha] : [alpha, toEightBit(alpha)];
  for (const form of scope.profile.deepSelections ? forms : forms.slice(-1)) {
    scope.check();
    try {
      const fault = await selectAs(scope, document, form, alpha);
      if (fault === null) return;
      failures.push(fault);
    } catch (thrown) {
      scope.check();
      failures.push(textOf(thrown));
    }
  }
  throw new PluginError('SELECTION_FAILED', {}, failures.join('; '));
}

/** Hands over a form of `wanted`; answers with how what is selected then differs from it, or null. */
export async function selectAs(
  scope: ModalScope,
  document: Document,
  form: Alpha,
  wanted: Alpha,
): Promise<string | null> {
  await withMaskData(form, null, async (put) => {
    await imaging.putSelection({ documentID: document.id, ...put, commandName: scope.name });
  });
  return findFault(document, wanted);
}

async function findFault(document: Document, alpha: Alpha): Promise<string | null> {
  const part = await takePart(await imaging.getSelection({ documentID: document.id }), alpha);
  return part === null ? null : findDifference(alpha, part);
}

/**
 * For work that goes through the selection: the user's own is kept aside and put back. If that fails, the throw undoes
 * everything, the selection included. The document must be active.
 */
export async function withSelectionAside<T>(scope: ModalScope, document: Document, body: () => Promise<T>): Promise<T> {
  const { id: documentID } = document;
  const kept = document.selection.bounds ? await imaging.getSelection({ documentID }) : null;
  try {
    scope.check();
    const result = await body();
    scope.check();
    // Photoshop usually uses the selection up; where it does not, the user must not find one they never made.
    if (kept !== null) await putBack(scope, document, kept);
    else if (document.selection.bounds) await play(deselect());
    return result;
  } finally {
    kept?.imageData.dispose();
  }
}

async function putBack(scope: ModalScope, document: Document, kept: Imaging.GetSelectionResult): Promise<void> {
  const { imageData, sourceBounds } = kept;
  const { left, top } = sourceBounds;
  const targetBounds = { left, top, width: imageData.width, height: imageData.height };
  try {
    const put = { documentID: document.id, imageData, replace: true, targetBounds, commandName: scope.name };
    await imaging.putSelection(put);
  } catch {
    scope.check();
    // What was handed out may not be taken back as it is.
    const alpha = createAlpha(document, 8);
    const part = await readPart(kept, alpha);
    if (part === null) throw new PluginError('SELECTION_FAILED', {}, 'It lies beyond the canvas');
    copyPart(alpha, part);
    await select(scope, document, alpha);
  }
}
