import type { Document } from 'photoshop/dom/Document.js';
import { PluginError } from '../errors.ts';
import type { Alpha, Bounds } from '../picture.ts';
import { withActiveDocument } from './active-layer.ts';
import { cutStrips } from './compare-mask.ts';
import { loadMaskAsSelection, play } from './descriptors.ts';
import { asNothing } from './history.ts';
import type { Target } from './host.ts';
import { findLayer } from './layers.ts';
import { copyPart, createAlpha, type MaskPart, takePart } from './mask-part.ts';
import type { ModalScope } from './modal-scope.ts';
import { withSelectionAside } from './selection.ts';
import { imaging } from './uxp.ts';

/** Calls `visit` with every strip of the layer's mask, or with null for one that Photoshop will not read. */
export async function readMaskStrips(
  scope: ModalScope,
  { documentId: documentID, layerId: layerID }: Target,
  { width, height }: { width: number; height: number },
  visit: (part: MaskPart | null, strip: Bounds) => boolean,
): Promise<void> {
  for (const sourceBounds of cutStrips(width, height)) {
    scope.check();
    // Some versions answer nothing where a mask is all black or all white.
    const read = await imaging.getLayerMask({ documentID, layerID, kind: 'user', sourceBounds }).catch(() => null);
    const part = read === null ? null : await takePart(read, { width, height });
    if (!visit(part, sourceBounds)) return;
    scope.report(sourceBounds.bottom / height);
  }
}

/** The mask on the whole canvas. */
export async function readMask(
  scope: ModalScope,
  document: Document,
  target: Target,
  depth: Alpha['depth'],
): Promise<Alpha> {
  return (await readWhole(scope, document, target, depth)) ?? readThroughSelection(scope, document, target, depth);
}

/** The same, and the document is as before. */
export async function peekMask(
  scope: ModalScope,
  document: Document,
  target: Target,
  depth: Alpha['depth'],
): Promise<Alpha> {
  const mask = await readWhole(scope, document, target, depth);
  return mask ?? asNothing(scope, document, () => readThroughSelection(scope, document, target, depth));
}

/** Null where Photoshop does not hand out all of it. */
async function readWhole(
  scope: ModalScope,
  document: Document,
  target: Target,
  depth: Alpha['depth'],
): Promise<Alpha | null> {
  if (scope.profile.masksTrimmed) return null;
  const mask = createAlpha(document, depth);
  let complete = true;
  await readMaskStrips(scope, target, mask, (part, strip) => {
    complete = part !== null && part.width === mask.width && part.height === strip.bottom - strip.top;
    if (part !== null && complete) copyPart(mask, part);
    return complete;
  });
  return complete ? mask : null;
}

/** What is around a trimmed answer is not documented; around a selection is nothing. */
async function readThroughSelection(
  scope: ModalScope,
  document: Document,
  target: Target,
  depth: Alpha['depth'],
): Promise<Alpha> {
  const mask = createAlpha(document, depth);
  await withActiveDocument(document, () =>
    withSelectionAside(scope, document, async () => {
      await play(loadMaskAsSelection(target));
      if (!document.selection.bounds) return;
      const read = await imaging.getSelection({ documentID: target.documentId });
      const part = await takePart(read, mask);
      const { name: layer } = findLayer(document, target.layerId);
      if (part === null) throw new PluginError('READ_FAILED', { layer }, 'The mask makes no sense');
      copyPart(mask, part);
    }),
  );
  return mask;
}
