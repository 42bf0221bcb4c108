import { ERRORS, type ErrorCode } from '../../../protocol/errors.ts';
import { AppError } from '../../errors.ts';
import type { LoadState } from '../../matting/model-status.ts';
import type { Answer, EdgeTask, MatteTask, Usage } from '../engine.ts';
import type { EngineConfig } from '../engine-config.ts';

export interface EngineSettings {
  config: EngineConfig;
  /** Folders with model specs. */
  modelsDirs: readonly string[];
}

/** One call to the child. Ids are the parent's and never reused. */
export type Call =
  | { ask: 'matte'; task: MatteTask /** Size of the picture that follows. */; bytes: number }
  | { ask: 'edge'; task: EdgeTask }
  | { ask: 'weigh-edge'; task: EdgeTask }
  | { ask: 'forget'; matte: string }
  | { ask: 'load'; model: string };

/** Parent to child. */
export type Order =
  | { type: 'start'; settings: EngineSettings }
  | { type: 'call'; id: number; call: Call }
  | { type: 'abort'; id: number }
  /** Allows this many more bytes of a streamed answer. */
  | { type: 'credit'; id: number; bytes: number }
  | { type: 'close' };

/** Child to parent. */
export type Report =
  | { type: 'up' }
  | { type: 'progress'; id: number; fraction: number }
  | { type: 'answer'; id: number; head: AnswerHead /** Null: a stream, ended by `done`. */; bytes: number | null }
  | { type: 'done'; id: number; value?: unknown }
  | { type: 'failed'; id: number; error: WireError }
  | { type: 'model'; id: string; state: LoadState | null }
  | { type: 'usage'; usage: Usage }
  | { type: 'log'; fields: object; text: string };

export type AnswerHead = Omit<Answer, 'body'>;

export interface WireError {
  code: ErrorCode | null;
  message: string;
  /** For the log. */
  stack: string | null;
  cause: WireError | null;
}

/** Nested causes add nothing useful. */
const DEPTH = 3;

export function packError(error: unknown, depth = DEPTH): WireError {
  const { message, stack, cause } = error instanceof Error ? error : new Error(String(error));
  return {
    code: error instanceof AppError ? error.code : null,
    message,
    stack: stack ?? null,
    cause: cause === undefined || depth === 0 ? null : packError(cause, depth - 1),
  };
}

export function unpackError({ code, message, stack, cause }: WireError): Error {
  const options = cause ? { cause: unpackError(cause) } : {};
  const error =
    code && Object.hasOwn(ERRORS, code) ? new AppError(code, message, options) : new Error(message, options);
  if (stack) error.stack = stack;
  return error;
}
