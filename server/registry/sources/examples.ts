import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AppError } from '../../errors.ts';
import type { HttpClient } from '../../http-client/http-client.ts';
import { explain } from '../download/download-failure.ts';
import { downloadFile } from '../download/http-download.ts';
import { mismatch } from '../install/checksum.ts';
import type { VerifyFiles } from '../pull.ts';
import type { VerifyPair } from '../spec/model-spec.ts';
import type { HttpFile } from '../spec/source-spec.ts';

/** The pictures of a published example, verified, from their server or from a folder. */
export async function fetchExample(
  pair: VerifyPair,
  { http, folder, signal }: { http: HttpClient; folder?: string | undefined; signal: AbortSignal },
): Promise<VerifyFiles> {
  const fetch = (file: HttpFile) => (folder === undefined ? download(file, http, signal) : fromFolder(file, folder));
  return { input: await fetch(pair.input), expected: await fetch(pair.expected) };
}

async function download({ url, ...expected }: HttpFile, http: HttpClient, signal: AbortSignal): Promise<Uint8Array> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hairline-example-'));
  try {
    return await downloadFile(url, path.join(folder, 'picture'), expected, { http, signal, onBytes() {} });
  } catch (error) {
    signal.throwIfAborted();
    const detail = `${url} could not be downloaded: ${explain(error, folder).reason}. With --from it is taken from a folder.`;
    throw new AppError('DOWNLOAD_FAILED', detail, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fromFolder({ url, ...expected }: HttpFile, folder: string): Promise<Uint8Array> {
  const file = path.join(folder, path.posix.basename(new URL(url).pathname));
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'is not there' : `cannot be read (${cause.code})`;
    throw new AppError('BAD_REQUEST', `${file} ${reason}. It is published at ${url}.`, { cause });
  });
  const wrong = mismatch(bytes, expected);
  if (wrong)
    throw new AppError('BAD_REQUEST', `${file} is not the published file: it ${wrong}. That one is at ${url}.`);
  return bytes;
}
