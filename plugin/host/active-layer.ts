import type { Document } from 'photoshop/dom/Document.js';
import { play, selectLayer } from './descriptors.ts';
import { app, core } from './uxp.ts';

/**
 * For commands that act on whatever is active: makes the document active meanwhile, then gives the user back the
 * document they are looking at. Never switches when there is no need.
 */
export async function withActiveDocument<T>(document: Document, body: () => Promise<T>): Promise<T> {
  const shown = app.activeDocument;
  if (shown?.id === document.id) return body();
  app.activeDocument = document;
  try {
    return await body();
  } finally {
    try {
      app.activeDocument = shown;
    } catch {
      // After a cancel Photoshop refuses every change until the scope ends: see showAgain.
    }
  }
}

/** After a scope that was cancelled: gives the user back the document they were looking at. */
export async function showAgain(document: Document | null, commandName: string): Promise<void> {
  try {
    if (document === null || app.activeDocument?.id === document.id) return;
    const show = async () => {
      app.activeDocument = document;
    };
    await core.executeAsModal(show, { commandName });
  } catch {
    // The document is already closed, or another command is using Photoshop.
  }
}

/** As `withActiveDocument`, for the one selected layer. */
export function withActiveLayer<T>(document: Document, layerId: number, body: () => Promise<T>): Promise<T> {
  return withActiveDocument(document, async () => {
    const selected = Array.from(document.activeLayers, (layer) => layer.id);
    if (selected.length === 1 && selected[0] === layerId) return body();
    await play(selectLayer(layerId, false));
    const result = await body();
    // Not in a finally: on a throw Photoshop rolls back, and must not be given more to do.
    await selectLayers(document, selected);
    return result;
  });
}

/** Selects these layers and no others; does nothing where that is so. */
export async function selectLayers(document: Document, layerIds: readonly number[]): Promise<void> {
  const now = Array.from(document.activeLayers, ({ id }) => id);
  if (now.length === layerIds.length && layerIds.every((id) => now.includes(id))) return;
  await withActiveDocument(document, async () => {
    for (const [index, id] of layerIds.entries()) await play(selectLayer(id, index > 0));
  });
}
