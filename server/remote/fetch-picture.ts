import { AppError } from '../errors.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http-client/http-client.ts';

export interface FetchOptions {
  http: HttpClient;
  signal: AbortSignal;
  /** Rules for addresses that the user did not choose. */
  pin?: HttpRequest['pin'];
  /** Bytes the picture may have. */
  maxBytes: number;
  /** Time limit in milliseconds, redirects included. */
  timeout: number;
}

/**
 * Fetches a picture by its address.
 * @throws {AppError} URL_REFUSED, URL_FAILED, BODY_TOO_LARGE, what `pin` throws, and the signal's reason
 */
export async function fetchPicture(address: string, options: FetchOptions): Promise<Buffer> {
  const { http, signal, pin, maxBytes, timeout } = options;
  const late = AbortSignal.timeout(timeout);
  try {
    const answer = await http(address, {
      headers: { accept: 'image/*', 'accept-encoding': 'identity' },
      signal: AbortSignal.any([signal, late]),
      ...(pin && { pin }),
    });
    try {
      checkAnswer(answer, maxBytes);
      return await readBody(answer, maxBytes);
    } finally {
      answer.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) throw new AppError('URL_FAILED', 'The picture did not arrive in time.', { cause: error });
    throw error instanceof AppError ? error : failureOf(error as NodeJS.ErrnoException);
  }
}

function failureOf(cause: NodeJS.ErrnoException): AppError {
  const { code, message } = cause;
  if (code === 'ERR_INVALID_URL')
    return new AppError('URL_REFUSED', 'Only addresses that begin with http:// or https:// are fetched.', { cause });
  if (code === 'ENOTFOUND') return new AppError('URL_FAILED', 'There is no server of that name.', { cause });
  return new AppError('URL_FAILED', `The picture could not be fetched from its address: ${code ?? message}.`, {
    cause,
  });
}

function checkAnswer({ status, header }: HttpAnswer, maxBytes: number): void {
  if (status !== 200) throw new AppError('URL_FAILED', `The server at that address answered ${status}.`);
  if ((header('content-encoding') ?? 'identity') !== 'identity')
    throw new AppError('URL_FAILED', 'The server at that address sends the picture compressed in its own way.');
  if (Number(header('content-length') ?? 0) > maxBytes) throw new AppError('BODY_TOO_LARGE');
}

async function readBody({ body, header }: HttpAnswer, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const part of body) {
      total += part.length;
      if (total > maxBytes) throw new AppError('BODY_TOO_LARGE');
      parts.push(part);
    }
    if (total === 0 || total < Number(header('content-length') ?? 0)) throw new Error(`${total} bytes came`);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('URL_FAILED', 'The picture at that address is empty or broke off.', { cause });
  }
  return Buffer.concat(parts, total);
}
