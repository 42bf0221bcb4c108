import type { Document } from 'photoshop/dom/Document.js';
import type { Alpha } from '../picture.ts';
import { withActiveLayer } from './active-layer.ts';
import { deleteMask, getHasMask, makeMaskFromSelection, play } from './descriptors.ts';
import type { Target } from './host.ts';
import type { ModalScope } from './modal-scope.ts';
import { select, withSelectionAside } from './selection.ts';

/** The older road to a mask: load it as a selection, then make a mask from the selection. */
export async function writeThroughSelection(
  scope: ModalScope,
  document: Document,
  target: Target,
  mask: Alpha,
): Promise<void> {
  await withActiveLayer(document, target.layerId, () =>
    withSelectionAside(scope, document, async () => {
      // The one that we replace, or one from a way that went wrong.
      if ((await play(getHasMask(target))).hasUserMask !== false) await play(deleteMask());
      scope.check();
      await select(scope, document, mask);
      scope.check();
      await play(makeMaskFromSelection(document.selection.bounds ? 'revealSelection' : 'hideAll'));
    }),
  );
}
