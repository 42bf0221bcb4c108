import type { Document } from 'photoshop/dom/Document.js';
import type { ModalScope } from './modal-scope.ts';

/** What suspendHistory answers while an Action plays: the Action owns the history. */
const NOT_OURS = 4294967295;

/**
 * Everything `body` does to the document becomes one history state called `name`. A throw is rolled back by Photoshop
 * when the modal scope ends; only where the history is not ours to suspend do we step back ourselves.
 */
export async function asOneHistoryState<T>(
  { context }: ModalScope,
  document: Document,
  name: string,
  body: () => Promise<T>,
): Promise<T> {
  const { hostControl } = context;
  const suspension = await hostControl.suspendHistory({ documentID: document.id, name }).catch(() => null);
  if (suspension === null || isNotOurs(suspension)) return stepBackOnThrow(document, body);
  const result = await body();
  // A failure here cannot take anything back: what is still suspended at the end of the scope is committed anyway.
  await hostControl.resumeHistory(suspension, true).catch(() => {});
  return result;
}

/** Everything `body` does to the document is taken back after it, whether it throws or not. */
export async function asNothing<T>(
  { context, name }: ModalScope,
  document: Document,
  body: () => Promise<T>,
): Promise<T> {
  const { hostControl } = context;
  const before = document.activeHistoryState;
  const suspension = await hostControl.suspendHistory({ documentID: document.id, name }).catch(() => null);
  const isOurs = suspension !== null && !isNotOurs(suspension);
  try {
    // A failure must come out: a throw is what makes Photoshop take everything back at the end of the scope.
    const rollBack = async () => (isOurs ? hostControl.resumeHistory(suspension, false) : undefined);
    const result = await body().catch(async (thrown) => {
      await rollBack();
      throw thrown;
    });
    await rollBack();
    return result;
  } finally {
    // Where that was not ours to do, or was not done: a mask of the user's may be at stake.
    if (document.activeHistoryState.id !== before.id) document.activeHistoryState = before;
  }
}

/** Tells one moment of a document from another; null when it is closed. */
export function momentOf(document: Document): number | null {
  try {
    return document.activeHistoryState.id;
  } catch {
    return null;
  }
}

function isNotOurs(suspension: unknown): boolean {
  if (typeof suspension === 'number') return suspension === NOT_OURS;
  if (typeof suspension !== 'object' || suspension === null) return true;
  return 'historySuspensionID' in suspension && suspension.historySuspensionID === NOT_OURS;
}

async function stepBackOnThrow<T>(document: Document, body: () => Promise<T>): Promise<T> {
  const before = document.activeHistoryState;
  try {
    return await body();
  } catch (thrown) {
    try {
      document.activeHistoryState = before;
    } catch {
      // Photoshop refuses every change after a cancel; then it undoes the scope itself.
    }
    throw thrown;
  }
}
