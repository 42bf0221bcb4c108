import type { Cancellation } from '../cancellation.ts';
import { textOf } from '../errors.ts';
import { runModal } from './modal-scope.ts';
import { action } from './uxp.ts';

/** Since Photoshop 25.0, and not yet in the typings. Without the second argument it fails. */
interface Recorder {
  recordAction(step: { name: string; methodName: string }, info: object): Promise<void>;
}

/** A busy Photoshop is asked twice; an Action that plays has it to itself anyway. */
const ATTEMPTS = 2;

/**
 * Adds a step to the Action that is being recorded, if one is. Answers with the words of a refusal, or null: what Photoshop
 * says where none is recorded is not documented, and changes nothing about the run.
 */
export async function recordStep(
  name: string,
  methodName: string,
  info: Readonly<Record<string, string | number>>,
): Promise<string | null> {
  try {
    await (action as typeof action & Recorder).recordAction({ name, methodName }, info);
    return null;
  } catch (thrown) {
    // The step is missing in the Actions panel, where the user looks for it.
    return textOf(thrown);
  }
}

/**
 * Keeps Photoshop from the user while an Action plays: the next step must find the document as this one leaves it, and
 * Esc must stop both. Whether a played step is modal already is not documented; scopes may be nested.
 */
export function holdPhotoshop<T>(cancel: Cancellation, body: () => Promise<T>): Promise<T> {
  return runModal({ commandName: 'Hairline', attempts: ATTEMPTS }, cancel, body);
}
