import type { Document } from 'photoshop/dom/Document.js';
import { PluginError } from '../errors.ts';
import { withActiveDocument } from './active-layer.ts';
import { convertBackground, play } from './descriptors.ts';
import { asOneHistoryState } from './history.ts';
import type { Host, Target } from './host.ts';
import { findDocument, findLayer, getActiveTarget, inspectLayer } from './layers.ts';
import { HISTORY_NAME } from './mask-data.ts';
import { writeMask } from './mask-writer.ts';
import { runModal } from './modal-scope.ts';
import { readPixels, readThumbnail } from './pixel-reader.ts';

/** A busy Photoshop before reading: say so soon. Before writing: the matte is precious, so wait about a minute. */
const READ_ATTEMPTS = 2;
const EDIT_ATTEMPTS = 25;

/** The real Photoshop. */
export const photoshopHost: Host = {
  activeTarget: getActiveTarget,
  inspect: inspectLayer,

  read(cancel, body) {
    return runModal({ commandName: 'Hairline: reading', attempts: READ_ATTEMPTS }, cancel, (scope) =>
      body({
        readThumbnail: (target, region) => readThumbnail(scope, target, region),
        readPixels(target, region) {
          const { name } = findLayer(findDocument(target.documentId), target.layerId);
          return readPixels(scope, target, name, region);
        },
      }),
    );
  },

  edit(documentId, cancel, onBusy, body) {
    return runModal({ commandName: HISTORY_NAME, attempts: EDIT_ATTEMPTS, onBusy }, cancel, (scope) => {
      const document = findDocument(documentId);
      return asOneHistoryState(scope, document, HISTORY_NAME, async () => {
        scope.check();
        const result = await body({
          readThumbnail: (target, region) => readThumbnail(scope, target, region),
          convertBackground: (target) => unlockBackground(document, target),
          writeMask: (target, mask) => writeMask(scope, document, target, mask),
        });
        // The last moment at which a cancel can still undo everything.
        scope.check();
        return result;
      });
    });
  },
};

/** Photoshop may give the layer another id, so it is looked up again: the Background is always the lowest layer. */
async function unlockBackground(document: Document, target: Target): Promise<Target> {
  await withActiveDocument(document, () => play(convertBackground()));
  const lowest = document.layers[document.layers.length - 1];
  if (lowest === undefined || lowest.isBackgroundLayer) {
    throw new PluginError('WRITE_FAILED', {}, 'The Background stayed a Background');
  }
  return { documentId: target.documentId, layerId: lowest.id };
}
