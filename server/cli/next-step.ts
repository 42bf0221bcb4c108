import type { AppError } from '../errors.ts';

/** What to do about a failure, for somebody at the command line: that has no API description to look into. */
export function nextStep({ code, hint }: AppError): string {
  return code === 'BAD_REQUEST' ? 'Add --help for the possibilities.' : hint;
}
