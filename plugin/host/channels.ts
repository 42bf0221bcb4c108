import type { Document } from 'photoshop/dom/Document.js';
import { PluginError, textOf } from '../errors.ts';
import type { Alpha } from '../picture.ts';
import { withActiveDocument } from './active-layer.ts';
import { makeChannel, play } from './descriptors.ts';
import type { ModalScope } from './modal-scope.ts';
import { select, withSelectionAside } from './selection.ts';

/**
 * Keeps opacity of the canvas size as an alpha channel. There is no call that writes or reads a channel, so it goes through
 * the selection, which is read back; the user's own is put back.
 */
export async function saveChannel(
  scope: ModalScope,
  document: Document,
  wanted: string,
  alpha: Alpha,
): Promise<string> {
  const before = namesOf(document);
  const name = uniqueName(wanted, before);
  try {
    await withActiveDocument(document, () =>
      withSelectionAside(scope, document, async () => {
        await select(scope, document, alpha);
        scope.check();
        // Nothing opaque leaves nothing selected, and an empty selection cannot be saved.
        if (!document.selection.bounds) return void (await play(makeChannel(name)));
        await document.selection.save(name);
      }),
    );
  } catch (thrown) {
    scope.check();
    throw new PluginError('CHANNEL_FAILED', { channel: name }, textOf(thrown));
  }
  if (!namesOf(document).includes(name)) throw new PluginError('CHANNEL_FAILED', { channel: name });
  return name;
}

function namesOf(document: Document): string[] {
  return Array.from(document.channels, ({ name }) => name);
}

function uniqueName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  for (let number = 2; ; number++) {
    const name = `${wanted} ${number}`;
    if (!taken.includes(name)) return name;
  }
}
