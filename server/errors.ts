import { ERRORS, type ErrorCode } from '../protocol/errors.ts';
import type { ErrorBody } from '../protocol/schemas/failure.ts';

/**
 * A failure with a stable code. `detail` replaces the table's sentence when there is more to say; `cause` is for the
 * log.
 */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail ?? ERRORS[code][1], options);
    this.name = 'AppError';
    this.code = code;
  }

  get status(): number {
    return ERRORS[this.code][0];
  }

  get hint(): string {
    return ERRORS[this.code][2];
  }

  toBody(): ErrorBody {
    return { error: { code: this.code, message: this.message, hint: this.hint } };
  }
}
