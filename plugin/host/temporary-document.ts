import type { NewDocumentMode } from 'photoshop/dom/Constants.js';
import type { Document } from 'photoshop/dom/Document.js';
import { depthOf } from './layers.ts';
import type { ModalScope } from './modal-scope.ts';
import { plainProfile } from './profile-name.ts';
import { app, constants } from './uxp.ts';

const NAME = 'Hairline';

/** An empty document of the same size, mode, depth and colors. */
export async function createLike(document: Document): Promise<Document | null> {
  const { width, height, resolution, mode } = document;
  const options = {
    ...{ name: NAME, width, height, resolution, depth: depthOf(document), fill: constants.DocumentFill.TRANSPARENT },
    // The same words, in two lists.
    mode: mode as unknown as NewDocumentMode,
  };
  const profile = plainProfile(document.colorProfileName);
  try {
    return await app.createDocument({ ...options, ...(profile === null ? {} : { profile }) });
  } catch (thrown) {
    if (profile === null) throw thrown;
    // "None", or one that is embedded and not installed here.
    return app.createDocument(options);
  }
}

/** A copy of what is visible, as one layer. */
export function createMergedCopy(document: Document): Promise<Document | null> {
  return document.duplicate(NAME, true);
}

/** Runs `body` with a document that is gone after it; then the user sees the one they were looking at. */
export async function withTemporaryDocument<T>(
  scope: ModalScope,
  create: () => Promise<Document | null>,
  body: (temporary: Document) => Promise<T>,
): Promise<T> {
  const shown = app.activeDocument;
  const temporary = await create();
  if (temporary === null) throw new Error('no document was made');
  // After a cancel only Photoshop itself can close it.
  await scope.context.hostControl.registerAutoCloseDocument(temporary.id).catch(() => {});
  try {
    scope.check();
    return await body(temporary);
  } finally {
    try {
      await temporary.closeWithoutSaving();
    } catch {
      // Photoshop closes it when the scope ends.
    }
    try {
      if (shown !== null && app.activeDocument?.id !== shown.id) app.activeDocument = shown;
    } catch {
      // See showAgain.
    }
  }
}
