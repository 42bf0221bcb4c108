import type { Document } from 'photoshop/dom/Document.js';
import { PluginError, textOf } from '../errors.ts';
import type { Alpha } from '../picture.ts';
import { withActiveDocument } from './active-layer.ts';
import { findDifference } from './compare-mask.ts';
import { makeChannel, play } from './descriptors.ts';
import { takePart } from './mask-reader.ts';
import type { ModalScope } from './modal-scope.ts';
import { select, withSelectionAside } from './selection.ts';
import { imaging } from './uxp.ts';

/**
 * Keeps opacity of the canvas size as an alpha channel. There is no call that writes a channel, so it goes through the
 * selection; the user's own is put back.
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
        await checkSelection(document, alpha);
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

/** A channel cannot be read back, but the selection it is made from can. */
async function checkSelection(document: Document, alpha: Alpha): Promise<void> {
  const part = await takePart(await imaging.getSelection({ documentID: document.id }), alpha.width, alpha.height);
  const fault = part === null ? null : findDifference(alpha, part);
  if (fault !== null) throw new Error(`selection: ${fault}`);
}

function namesOf(document: Document): string[] {
  return Array.from(document.channels, ({ name }) => name);
}

export function uniqueName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  for (let number = 2; ; number++) {
    const name = `${wanted} ${number}`;
    if (!taken.includes(name)) return name;
  }
}
