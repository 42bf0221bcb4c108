import type { ErrorCode } from '../protocol/errors.ts';
import type { PanelErrorKey } from '../words/panel/keys.ts';

/** Everything the panel itself can fail with. Sentences and next steps are in `words/panel`. */
export type PluginErrorCode = PanelErrorKey;

export class PluginError extends Error {
  readonly code: PluginErrorCode;
  /** Fill the {placeholders} of the sentence. */
  readonly values: Readonly<Record<string, string>>;
  /** What Photoshop or the network said, word for word: secondary text for a bug report, never the sentence itself. */
  readonly detail: string;

  constructor(code: PluginErrorCode, values: Record<string, string> = {}, detail = '') {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.name = 'PluginError';
    this.code = code;
    this.values = values;
    this.detail = detail;
  }
}

/** A failure that the server explained; its sentence and next step are shown as they are. */
export class ServerError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
    this.hint = hint;
  }
}

export function isServerError(error: unknown, code: ErrorCode): error is ServerError {
  return error instanceof ServerError && error.code === code;
}

/** The words of anything that was thrown: hosts throw strings, plain objects and Errors. */
export function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
