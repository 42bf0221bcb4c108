export class PluginError extends Error {
  code;
  /** Fill the {placeholders} of the sentence. */
  values;
  /** What Photoshop or the network said, word for word: secondary text for a bug report, never the sentence itself. */
  detail;
  constructor(code, values = {}, detail = '') {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.name = 'PluginError';
    this.code = code;
    this.values = values;
    this.detail = detail;
  }
}
/** A failure that the server explained; its sentence and next step are shown as they are. */
export class ServerError extends Error {
  code;
  hint;
  constructor(code, message, hint) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
    this.hint = hint;
  }
}
export function isServerError(error, code) {
  return error instanceof ServerError && error.code === code;
}
/** The words of anything that was thrown: hosts throw strings, plain objects and Errors. */
export function textOf(thrown) {
  if (typeof thrown === 'string') return thrown;
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
//# sourceMappingURL=errors.js.map
