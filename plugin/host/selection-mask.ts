import type { Document } from 'photoshop/dom/Document.js';
import type { imaging as Imaging } from 'photoshop/dom/ImagingModule.js';
import type { Alpha } from '../picture.ts';
import { withActiveLayer } from './active-layer.ts';
import { deleteMask, deselect, getHasMask, makeMaskFromSelection, play } from './descriptors.ts';
import type { Target } from './host.ts';
import { HISTORY_NAME, withMaskData } from './mask-data.ts';
import type { ModalScope } from './modal-scope.ts';
import { imaging } from './uxp.ts';

/**
 * The older road to a mask: load it as a selection, then make a mask from the selection. The user's own selection is
 * kept aside and put back; if that fails, the throw undoes everything, the selection included.
 */
export async function writeThroughSelection(
  scope: ModalScope,
  document: Document,
  target: Target,
  mask: Alpha,
): Promise<void> {
  const { documentId: documentID } = target;
  await withActiveLayer(document, target.layerId, async () => {
    const kept = document.selection.bounds ? await imaging.getSelection({ documentID }) : null;
    try {
      scope.check();
      // A mask from a way that went wrong; the layer had none before us.
      if ((await play(getHasMask(target))).hasUserMask !== false) await play(deleteMask());
      scope.check();
      await select(documentID, mask);
      scope.check();
      await play(makeMaskFromSelection());
      scope.check();
      // Photoshop usually uses the selection up; where it does not, the user must not find one they never made.
      if (kept !== null) await putBack(documentID, kept);
      else if (document.selection.bounds) await play(deselect());
    } finally {
      kept?.imageData.dispose();
    }
  });
}

function select(documentID: number, mask: Alpha): Promise<void> {
  return withMaskData(mask, null, async (put) => {
    await imaging.putSelection({ documentID, ...put });
  });
}

async function putBack(documentID: number, { imageData, sourceBounds }: Imaging.GetSelectionResult): Promise<void> {
  const { left, top } = sourceBounds;
  const targetBounds = { left, top, width: imageData.width, height: imageData.height };
  await imaging.putSelection({ documentID, imageData, replace: true, targetBounds, commandName: HISTORY_NAME });
}
