import type { Document } from 'photoshop/dom/Document.js';
import type { Alpha, Bounds } from '../picture.ts';
import { withActiveDocument } from './active-layer.ts';
import { cutStrips, type MaskPart, takePart } from './compare-mask.ts';
import { shareToByte } from './convert-pixels.ts';
import { loadMaskAsSelection, play } from './descriptors.ts';
import type { Target } from './host.ts';
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
    const part = read === null ? null : await takePart(read, width, height);
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
  const mask = createAlpha(document, depth);
  let complete = true;
  await readMaskStrips(scope, target, mask, (part, strip) => {
    complete = part !== null && part.width === mask.width && part.height === strip.bottom - strip.top;
    if (part !== null && complete) copyPart(mask, part);
    return complete;
  });
  if (complete) return mask;
  // What is around a trimmed answer is not documented; around a selection is nothing.
  mask.data.fill(0);
  await withActiveDocument(document, () =>
    withSelectionAside(scope, document, async () => {
      await play(loadMaskAsSelection(target));
      if (!document.selection.bounds) return;
      const read = await imaging.getSelection({ documentID: target.documentId });
      const part = await takePart(read, mask.width, mask.height);
      if (part !== null) copyPart(mask, part);
    }),
  );
  return mask;
}

export function createAlpha({ width, height }: { width: number; height: number }, depth: Alpha['depth']): Alpha {
  const pixels = Math.round(width) * Math.round(height);
  const data = depth === 8 ? new Uint8Array(pixels) : new Uint16Array(pixels);
  return { width: Math.round(width), height: Math.round(height), depth, data };
}

function copyPart(mask: Alpha, { left, top, width, height, samples }: MaskPart): void {
  const { BYTES_PER_ELEMENT: bytes } = samples;
  const same = bytes * 8 === mask.depth;
  for (let row = 0; row < height; row++) {
    const to = (top + row) * mask.width + left;
    const line = samples.subarray(row * width, (row + 1) * width);
    if (same) mask.data.set(line, to);
    else
      for (let column = 0; column < width; column++) mask.data[to + column] = convert(line[column]!, bytes, mask.depth);
  }
}

function convert(sample: number, bytes: number, depth: Alpha['depth']): number {
  if (depth === 8) return shareToByte(sample, bytes);
  if (bytes === 1) return sample * 257;
  return bytes === 2 ? sample : Math.round(Math.min(1, Math.max(0, sample)) * 65535);
}
