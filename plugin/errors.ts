import type { ErrorCode } from '../protocol/errors.ts';

/** Everything the panel itself can fail with. Sentences and next steps are in `ui/strings/`. */
export type PluginErrorCode =
  | 'NO_DOCUMENT'
  | 'NO_LAYER'
  | 'SEVERAL_LAYERS'
  | 'GROUP'
  | 'ARTBOARD'
  | 'CLIPPED'
  | 'ADJUSTMENT_LAYER'
  | 'FILL_LAYER'
  | 'LAYER_LOCKED'
  | 'GROUP_LOCKED'
  | 'EMPTY_LAYER'
  | 'OUTSIDE_CANVAS'
  | 'OUTSIDE_SELECTION'
  | 'MASK_EXISTS'
  | 'COLOR_MODE'
  | 'COLOURS_MODE'
  | 'COLOURS_DEPTH'
  | 'QUICK_MASK'
  | 'TOO_LARGE'
  | 'PHOTOSHOP_BUSY'
  | 'READ_FAILED'
  | 'WRITE_FAILED'
  | 'SELECTION_FAILED'
  | 'CHANNEL_FAILED'
  | 'LAYER_FAILED'
  | 'NOT_KEPT'
  | 'MATTE_LOST'
  | 'NOT_RUNNING'
  | 'PERMISSION_DENIED'
  | 'SERVER_OLDER'
  | 'SERVER_NEWER'
  | 'SERVER_LOST'
  | 'TIMED_OUT'
  | 'BAD_ANSWER'
  | 'MODEL_MISSING'
  | 'NO_SUBJECT'
  | 'DOCUMENT_CLOSED'
  | 'DOCUMENT_CHANGED'
  | 'LAYER_DELETED'
  | 'LAYER_CHANGED'
  | 'MASK_ADDED'
  | 'ALREADY_RUNNING'
  | 'LAUNCH_FAILED'
  | 'LAUNCH_TIMED_OUT'
  | 'NEVER_SAVED'
  | 'FOLDER_CLOSED'
  | 'SAVE_FAILED'
  | 'STEP_NEWER'
  | 'STEP_BROKEN'
  | 'NONE_CHOSEN'
  | 'SOME_FAILED'
  | 'UNEXPECTED';

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
