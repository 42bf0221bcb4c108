import { open } from 'node:fs/promises';
import { MAX_ENCODED_BYTES } from '../../../protocol/limits.ts';
import { AppError } from '../../errors.ts';
import { isUrl } from './inputs.ts';

/** Pictures may come from slow web servers, but this long without a byte means the transfer has stalled. */
const URL_TIMEOUT_MS = 120_000;

/** Bytes of a file or of a URL's response. @throws {SourceError | AppError} */
export function readSource(location: string, signal: AbortSignal): Promise<Buffer> {
  return isUrl(location) ? readUrl(location, signal) : readLocalFile(location, signal);
}

/** A file or URL is unreadable; `hint` says what to check. */
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

async function readUrl(location: string, signal: AbortSignal): Promise<Buffer> {
  const timeout = AbortSignal.timeout(URL_TIMEOUT_MS);
  try {
    const response = await fetch(location, { signal: AbortSignal.any([signal, timeout]) });
    if (!response.ok) {
      throw new SourceError(
        `The web server answered ${response.status}.`,
        'Open the address in a browser to check it.',
      );
    }
    return await collect(response);
  } catch (error) {
    if (error instanceof AppError || error instanceof SourceError || signal.aborted) throw error;
    const reason = timeout.aborted ? 'it timed out' : describe(error as Error);
    throw new SourceError(`Cannot download it: ${reason}.`, 'Check the address and the connection.', {
      cause: error,
    });
  }
}

async function collect(response: Response): Promise<Buffer> {
  if (Number(response.headers.get('content-length')) > MAX_ENCODED_BYTES) throw new AppError('BODY_TOO_LARGE');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_ENCODED_BYTES) throw new AppError('BODY_TOO_LARGE');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function describe({ message, cause }: Error): string {
  const { code, message: reason } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  return code ?? reason ?? message;
}
