import { AppError } from '../errors.ts';
import type { ModelSpec } from './model-spec.ts';

const OFFLINE = ['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'ENOTCACHED'];
const DISK_FULL = ['ENOSPC', 'EDQUOT'];
const READ_ONLY = ['EACCES', 'EPERM', 'EROFS'];

/** Something about the downloaded bytes is not as the spec says. */
export class WrongContent extends Error {}

/** Turns whatever stopped a download into a sentence that names the model, what happened, and that nothing is half done. */
export function downloadFailure(spec: ModelSpec, folder: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code = '', message, syscall } = error as NodeJS.ErrnoException;
  const options = { cause: error };
  const sentence = (rest: string) => `The model "${spec.name}" could not be downloaded: ${rest}`;
  if (code === 'EINTEGRITY' || code === 'Z_DATA_ERROR' || error instanceof WrongContent) {
    const detail = sentence(`what arrived does not match its checksum (${message}). Nothing was installed.`);
    return new AppError('DOWNLOAD_FAILED', detail, options);
  }
  if (DISK_FULL.includes(code)) return new AppError('DISK_FULL', sentence(`the disk of ${folder} is full.`), options);
  // A firewall may answer EACCES too, to a connection.
  if (READ_ONLY.includes(code) && syscall !== 'connect') {
    return new AppError('CACHE_READ_ONLY', sentence(`${folder} cannot be written (${code}).`), options);
  }
  if (OFFLINE.includes(code)) {
    return new AppError('WEIGHTS_MISSING', sentence(`this computer seems to be offline (${code}).`), options);
  }
  return new AppError('DOWNLOAD_FAILED', sentence(`${message || code}. Nothing was installed.`), options);
}

export function diskTooFull(spec: ModelSpec, folder: string, needed: number, free: number): AppError {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
  return new AppError(
    'DISK_FULL',
    `The model "${spec.name}" needs ${megabytes(needed)} in ${folder}, where ${megabytes(free)} are free.`,
  );
}
