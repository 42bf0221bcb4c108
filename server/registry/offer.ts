import { HttpStatusError } from './download-errors.ts';
import type { ModelSpec } from './model-spec.ts';
import { findOnModelScope } from './modelscope.ts';
import type { Reach } from './originals.ts';
import { bytesOfSource, type HttpSource, nameOfSource, type Source } from './source-spec.ts';

/** What a download would be: from where, and how much. */
export interface Offer {
  source: string;
  /** null when the server does not say. */
  bytes: number | null;
}

/** Asks the sources in order, until one answers, how large the download would be. Asks nobody where the spec knows. */
export async function findOffer(spec: ModelSpec, reach: Pick<Reach, 'http' | 'modelScope'>, signal: AbortSignal) {
  for (const source of spec.weights.sources) {
    try {
      return { source: nameOfSource(source), bytes: bytesOfSource(source) ?? (await askSize(source, reach, signal)) };
    } catch {
      signal.throwIfAborted();
    }
  }
  return null;
}

async function askSize(source: Source, { http, modelScope }: Pick<Reach, 'http' | 'modelScope'>, signal: AbortSignal) {
  if (source.type === 'modelscope') return (await findOnModelScope(source, modelScope, http, signal)).expected.bytes;
  let sum = 0;
  for (const { url, bytes } of (source as HttpSource).files) {
    const answer = await http(url, { method: 'HEAD', signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]) });
    answer.close();
    if (answer.status !== 200) throw new HttpStatusError(answer.status);
    const length = Number(answer.header('content-length') ?? bytes);
    if (!length) return null;
    sum += length;
  }
  return sum;
}
