import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { failureOf } from '../../protocol/schemas/failure.ts';

/** The responses of a route by status, each with its possible error codes. */
export function failures(...codes: readonly ErrorCode[]): Record<number, object> {
  const statuses = [...new Set(codes.map((code) => ERRORS[code][0]))];
  return Object.fromEntries(
    statuses.map((status) => {
      const possible = codes.filter((code) => ERRORS[code][0] === status);
      return [status, failureOf(possible, possible.map((code) => ERRORS[code][1]).join(' '))];
    }),
  );
}

/** Possible errors of every route, from access control and shutdown. */
export const EVERYWHERE = [
  'FORBIDDEN_HOST',
  'FORBIDDEN_ORIGIN',
  'TOKEN_REQUIRED',
  'TOO_MANY_TRIES',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];
