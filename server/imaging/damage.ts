import { AppError } from '../errors.ts';

/**
 * A refusal that says what is wrong.
 * @param what a clause without a full stop, for example `strip 3 of 40 lies beyond the end of the file`
 */
export function damaged(what?: string, cause?: unknown): AppError {
  const message = what && `The picture is damaged or incomplete: ${what}.`;
  return new AppError('TRUNCATED_IMAGE', message, cause === undefined ? {} : { cause });
}
