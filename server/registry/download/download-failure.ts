import type { ErrorCode } from '../../../protocol/errors.ts';
import { AppError } from '../../errors.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import { HttpStatusError, WrongContent } from './download-errors.ts';

const OFFLINE = ['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'ENOTCACHED'];
const DISK_FULL = ['ENOSPC', 'EDQUOT'];
const READ_ONLY = ['EACCES', 'EPERM', 'EROFS'];

/** A source that failed, and why. */
export interface SourceFailure {
  source: string;
  error: unknown;
}

/** Local trouble that no other source would avoid. */
export function isLocal(error: unknown): boolean {
  if (error instanceof AppError) return true;
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  return DISK_FULL.includes(code) || (READ_ONLY.includes(code) && syscall !== 'connect');
}

/** Turns what stopped a download into a sentence that names the model, what happened, and that nothing is half done. */
export function downloadFailure(spec: ModelSpec, folder: string, failures: readonly SourceFailure[]): AppError {
  const last = failures.at(-1)?.error;
  if (last instanceof AppError) return last;
  const cause = failures.length > 1 ? new AggregateError(failures.map(({ error }) => error)) : last;
  const reasons = failures.map(({ source, error }) => ({ source, ...explain(error, folder) }));
  const start = `The model "${spec.name}" could not be downloaded`;
  if (reasons.length === 0) return new AppError('DOWNLOAD_FAILED', `${start}: it has no source.`);
  const only = reasons.length === 1 || (last && isLocal(last)) ? reasons.at(-1) : undefined;
  if (only) return new AppError(only.code, `${start}: ${only.reason}.`, { cause });
  const offline = reasons.every(({ code }) => code === 'WEIGHTS_MISSING');
  const list = reasons.map(({ source, reason }) => `\n  ${source}: ${reason}.`).join('');
  const instead = `\nYou can also install a file from elsewhere: hairline models add <file> --as ${spec.id}.`;
  const detail = `${start}.${list}${instead}`;
  return new AppError(offline ? 'WEIGHTS_MISSING' : 'DOWNLOAD_FAILED', detail, { cause });
}

/** What went wrong, as a clause without its full stop. */
export function explain(error: unknown, folder: string): { code: ErrorCode; reason: string } {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'EINTEGRITY' || code === 'Z_DATA_ERROR' || error instanceof WrongContent) {
    const reason = `what arrived does not match its checksum (${message}). Nothing was installed`;
    return { code: 'DOWNLOAD_FAILED', reason };
  }
  if (DISK_FULL.includes(code)) return { code: 'DISK_FULL', reason: `the disk of ${folder} is full` };
  // A firewall may answer EACCES too, to a connection.
  if (isLocal(error)) return { code: 'CACHE_READ_ONLY', reason: `${folder} cannot be written (${code})` };
  if (OFFLINE.includes(code)) return { code: 'WEIGHTS_MISSING', reason: `this computer seems to be offline (${code})` };
  if (code === 'EINTERRUPTED' || error instanceof HttpStatusError) return { code: 'DOWNLOAD_FAILED', reason: message };
  return { code: 'DOWNLOAD_FAILED', reason: `${message || code}. Nothing was installed` };
}

export function diskTooFull(spec: ModelSpec, folder: string, needed: number, free: number): AppError {
  return new AppError(
    'DISK_FULL',
    `The model "${spec.name}" needs ${megabytes(needed)} in ${folder}, where ${megabytes(free)} are free.`,
  );
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
