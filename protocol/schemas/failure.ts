import Type, { type Static } from 'typebox';
import { ERRORS, type ErrorCode } from '../errors.ts';

/** An answer with one of these errors. */
export const failureOf = <Code extends ErrorCode>(codes: readonly Code[], description: string) =>
  Type.Object(
    { error: Type.Object({ code: Type.Enum(codes), message: Type.String(), hint: Type.String() }) },
    { description },
  );

/** The body of every answer whose status is 400 or above. */
export const ErrorBody = failureOf(Object.keys(ERRORS) as ErrorCode[], 'An error.');
export type ErrorBody = Static<typeof ErrorBody>;
