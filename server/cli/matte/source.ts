import { open } from 'node:fs/promises';
import { MAX_ENCODED_BYTES } from '../../../protocol/limits.ts';
import { AppError } from '../../errors.ts';
import { createHttpClient } from '../../http-client/http-client.ts';
import { fetchPicture } from '../../remote/fetch-picture.ts';
import { isUrl } from './inputs.ts';

/** Longer than for other clients of a server: the user waits for this picture, and may press Ctrl-C. */
const URL_TIMEOUT_MS = 120_000;

const http = createHttpClient(process.env);

/** Bytes of a file, or of a picture by its address. @throws {SourceError | AppError} */
export function readSource(location: string, signal: AbortSignal): Promise<Buffer> {
  return isUrl(location) ? readUrl(location, signal) : readLocalFile(location, signal);
}

/** A file is unreadable; `hint` says what to check. */
export class SourceError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

async function readLocalFile(location: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const file = await open(location, 'r');
    try {
      if ((await file.stat()).size > MAX_ENCODED_BYTES) throw new AppError('BODY_TOO_LARGE');
      return await file.readFile({ signal } as object);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AppError || signal.aborted) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new SourceError(`Cannot read it (${code}).`, 'Check the path and the permissions.', { cause: error });
  }
}

function readUrl(location: string, signal: AbortSignal): Promise<Buffer> {
  return fetchPicture(location, { http, signal, maxBytes: MAX_ENCODED_BYTES, timeout: URL_TIMEOUT_MS });
}
