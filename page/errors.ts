import type { Words } from '../words/page/words.ts';
import type { Sentence } from '../words/panel/strings.ts';
import { ServerError, Unreachable } from './api.ts';

/** What went wrong and what to do, in the words of the language; the server's own where it has none. */
export function describeError(error: unknown, words: Words): Sentence {
  if (error instanceof Unreachable) return words.offline;
  if (!(error instanceof ServerError)) return words.unexpected;
  return words.errors[error.code] ?? words.serverErrors[error.code] ?? [error.message, error.hint];
}
