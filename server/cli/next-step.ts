import type { AppError } from '../errors.ts';

/** The next step after a failure, worded for the command line, whose users do not have the API description. */
export function nextStep({ code, hint }: AppError): string {
  return code === 'BAD_REQUEST' ? 'Run with --help for usage.' : hint;
}
