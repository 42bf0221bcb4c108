import type { Document } from 'photoshop/dom/Document.js';
import { type HostWords, nameAfter } from '../../words/panel/host-words.ts';
import { Cancelled } from '../cancellation.ts';
import { PluginError } from '../errors.ts';
import { type HostProfile, UNCHECKED } from '../host-profile.ts';
import { showAgain, withActiveDocument } from './active-layer.ts';
import { saveChannel } from './channels.ts';
import { addColors, addCutout } from './deliver-layer.ts';
import { convertBackground, play } from './descriptors.ts';
import { asOneHistoryState, momentOf } from './history.ts';
import type { EditScope, Host, Target } from './host.ts';
import { findDocument, findLayer, getSelectedLayers, inspectDocument, inspectLayer } from './layers.ts';
import { peekMask, readMask } from './mask-reader.ts';
import { fingerprintOf, writeMask } from './mask-writer.ts';
import { type ModalScope, runModal } from './modal-scope.ts';
import { readThumbnail } from './pixel-reader.ts';
import { readSelection, select } from './selection.ts';
import { readPicture } from './source-reader.ts';
import { app } from './uxp.ts';

/** A busy Photoshop before reading: say so soon. Before writing: the matte is precious, so wait about a minute. */
const READ_ATTEMPTS = 2;
const EDIT_ATTEMPTS = 25;

/** The same in every language, so that other people's Actions find it. */
const CHANNEL = 'Hairline';

/**
 * The real Photoshop.
 * @param profile what is known of it; asked for at every use, because a check may find out more
 */
export function createPhotoshopHost(words: HostWords, profile: () => HostProfile = () => UNCHECKED): Host {
  return {
    selectedLayers: getSelectedLayers,
    inspectDocument,
    inspect: inspectLayer,

    async read(cancel, body) {
      let shown: Document | null = null;
      try {
        return await runModal(
          { commandName: words.reading, attempts: READ_ATTEMPTS, profile: profile() },
          cancel,
          (scope) => {
            shown = app.activeDocument;
            return body({
              readThumbnail: (source, region) => readThumbnail(scope, source, region),
              readPicture: (source, region, deep) => readPicture(scope, source, region, deep),
              readMask: (target, depth) => peekMask(scope, findDocument(target.documentId), target, depth),
              readSelection: (documentId) => readSelection(scope, findDocument(documentId)),
            });
          },
        );
      } finally {
        await showAgain(shown, words.reading);
      }
    },

    async edit(documentId, delivery, cancel, onBusy, body) {
      const document = findDocument(documentId);
      const before = momentOf(document);
      const name = words.history[delivery];
      const end: { result?: Awaited<ReturnType<typeof body>> } = {};
      let shown: Document | null = null;
      try {
        await runModal({ commandName: name, attempts: EDIT_ATTEMPTS, onBusy, profile: profile() }, cancel, (scope) => {
          shown = app.activeDocument;
          return asOneHistoryState(scope, findDocument(documentId), name, async () => {
            scope.check();
            const result = await body(editScope(scope, document, words));
            // The last moment at which a cancel can still undo everything.
            scope.check();
            end.result = result;
          });
        });
      } catch (thrown) {
        await showAgain(shown, name);
        if (!(thrown instanceof Cancelled) || !('result' in end)) throw thrown;
      }
      // A cancel may come too late, or while Photoshop takes everything back: say what is true, not what was asked for.
      if (cancel.cancelled && momentOf(document) === before) throw new Cancelled();
      return end.result as Awaited<ReturnType<typeof body>>;
    },
  };
}

function editScope(scope: ModalScope, document: Document, words: HostWords): EditScope {
  return {
    readThumbnail: (source, region) => readThumbnail(scope, source, region),
    convertBackground: (target) => unlockBackground(document, target),
    readMask: (target, depth) => readMask(scope, document, target, depth),
    writeMask: (target, mask, keepsLook) => writeMask(scope, document, target, mask, keepsLook),
    fingerprint: (target) => fingerprintOf(scope, document, target),
    keepMask(target, mask) {
      const { name } = findLayer(document, target.layerId);
      return saveChannel(scope, document, nameAfter(words.oldMask, name), mask);
    },
    addChannel: (alpha) => saveChannel(scope, document, CHANNEL, alpha),
    select: (alpha) => withActiveDocument(document, () => select(scope, document, alpha)),
    addCutout: ({ layerId }, pixels) => addCutout(scope, document, layerId, pixels, words),
    addColors: ({ layerId }, pixels, share) => addColors(scope, document, layerId, pixels, share, words),
  };
}

/** Photoshop may give the layer another id, so it is looked up again: the Background is always the lowest layer. */
async function unlockBackground(document: Document, target: Target): Promise<Target> {
  await withActiveDocument(document, () => play(convertBackground()));
  const lowest = document.layers[document.layers.length - 1];
  if (lowest === undefined || lowest.isBackgroundLayer) {
    throw new PluginError('WRITE_FAILED', {}, 'The Background stayed a Background');
  }
  return { documentId: target.documentId, layerId: lowest.id };
}
