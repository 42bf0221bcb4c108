import type { Words } from '../words/page/words.ts';
import type { Sentence } from '../words/panel/strings.ts';
import { ServerError, Unreachable } from './api.ts';

/** The error and the next step in the current language; the server's English text if there is no translation. */
export function describeError(error: unknown, words: Words): Sentence {
  if (error instanceof Unreachable) return words.offline;
  if (!(error instanceof ServerError)) return words.unexpected;
  return words.errors[error.code] ?? words.serverErrors[error.code] ?? [error.message, error.hint];
}
