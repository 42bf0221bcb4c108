import Type from 'typebox';
import Value from 'typebox/value';
import type { HttpClient } from '../../http-client/http-client.ts';
import { HttpStatusError } from '../download/download-errors.ts';
import type { Expected } from '../install/checksum.ts';
import type { ModelScopeSource } from '../spec/source-spec.ts';

const ENDPOINT = 'https://www.modelscope.cn';

/** The part that matters of what `/repo/files` answers. Folders are listed too, without a checksum. */
const Listing = Type.Object({
  Data: Type.Object({
    Files: Type.Array(
      Type.Object({
        Path: Type.String(),
        Size: Type.Optional(Type.Number()),
        Sha256: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      }),
    ),
  }),
});

/** The listing of a model repository is some kilobytes. */
const MAX_LISTING_BYTES = 8_000_000;

export interface ModelScopeFile {
  url: string;
  expected: Required<Pick<Expected, 'bytes' | 'sha256'>>;
}

/** Where ModelScope is, or a mirror of it: HAIRLINE_MODELSCOPE_ENDPOINT. */
export function modelScopeEndpoint(env: NodeJS.ProcessEnv): string {
  return (env.HAIRLINE_MODELSCOPE_ENDPOINT || ENDPOINT).replace(/\/+$/, '');
}

/**
 * Looks a file up: its address, and the size and SHA-256 that the repository states for it.
 * @throws {Error} in plain words when there is no such file, or no checksum to trust it by.
 */
export async function findOnModelScope(
  { model, revision, path }: ModelScopeSource,
  endpoint: string,
  http: HttpClient,
  signal: AbortSignal,
): Promise<ModelScopeFile> {
  const repository = `${endpoint}/api/v1/models/${model}/repo`;
  const query = new URLSearchParams({ Revision: revision, Recursive: 'true' });
  const listing: unknown = await getJson(`${repository}/files?${query}`, http, signal);
  if (!Value.Check(Listing, listing)) throw new Error('the list of files has an unknown form');
  const file = listing.Data.Files.find((entry) => entry.Path === path);
  if (!file) throw new Error(`the list of files has no "${path}"`);
  const sha256 = file.Sha256?.toLowerCase() ?? '';
  if (!/^[0-9a-f]{64}$/.test(sha256) || !file.Size) throw new Error(`the list of files has no checksum of "${path}"`);
  const url = `${repository}?${new URLSearchParams({ Revision: revision, FilePath: path })}`;
  return { url, expected: { bytes: file.Size, sha256 } };
}

async function getJson(url: string, http: HttpClient, signal: AbortSignal): Promise<unknown> {
  const answer = await http(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) });
  try {
    if (answer.status !== 200) throw new HttpStatusError(answer.status);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_LISTING_BYTES) throw new Error('the list of files is too long');
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } finally {
    answer.close();
  }
}
