import type { Sentence } from '../../plugin/ui/strings/strings.ts';
import { ServerError, Unreachable } from './api.ts';
import type { Words } from './words/words.ts';

/** What went wrong and what to do, in the words of the language; the server's own where it has none. */
export function describeError(error: unknown, words: Words): Sentence {
  if (error instanceof Unreachable) return words.offline;
  if (!(error instanceof ServerError)) return words.unexpected;
  return words.errors[error.code] ?? words.serverErrors[error.code] ?? [error.message, error.hint];
}
