import type { HttpClient } from '../../http-client/http-client.ts';
import { HttpStatusError } from '../download/download-errors.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import { type HttpFile, nameOfSource, type Source } from '../spec/source-spec.ts';
import { findOnModelScope } from './modelscope.ts';
import type { Reach } from './originals.ts';

/** What a download would be: from where, and how much. */
export interface Offer {
  source: string;
  /** null when the server does not say. */
  bytes: number | null;
}

type Asking = Pick<Reach, 'http' | 'modelScope'>;

/**
 * Looks for the first source that answers. Servers of single files come and go and are blocked here and there, so they
 * are asked even where the spec knows the size: what is agreed to should be what is then downloaded.
 */
export async function findOffer(spec: ModelSpec, reach: Asking, signal: AbortSignal): Promise<Offer | null> {
  for (const source of spec.weights.sources) {
    try {
      return { source: nameOfSource(source), bytes: await askSize(source, reach, signal) };
    } catch {
      signal.throwIfAborted();
    }
  }
  return null;
}

async function askSize(source: Source, { http, modelScope }: Asking, signal: AbortSignal): Promise<number | null> {
  switch (source.type) {
    case 'modelscope':
      return (await findOnModelScope(source, modelScope, http, signal)).expected.bytes;
    case 'http':
      return sumOf(await Promise.all(source.files.map((file) => askFile(file, http, signal))));
    default:
      return source.downloadBytes;
  }
}

async function askFile({ url, bytes }: HttpFile, http: HttpClient, signal: AbortSignal): Promise<number | null> {
  const answer = await http(url, { method: 'HEAD', signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) });
  answer.close();
  // Some servers give files but no facts about them.
  const silent = answer.status === 405 || answer.status === 501;
  if (answer.status !== 200 && !silent) throw new HttpStatusError(answer.status);
  return bytes ?? (silent ? null : Number(answer.header('content-length')) || null);
}

function sumOf(sizes: readonly (number | null)[]): number | null {
  return sizes.reduce<number | null>((sum, size) => (sum === null || size === null ? null : sum + size), 0);
}
