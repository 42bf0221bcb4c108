import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../errors.ts';
import { MAX_DOWNLOAD_BYTES } from '../download/http-download.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import type { Derivation } from '../spec/source-spec.ts';
import { gitBlobId, sha256 } from './checksum.ts';
import { CannotConvert, derive } from './derive.ts';
import type { InstalledWeights } from './installed-weights.ts';
import { ADD_ONNX } from './manifest.ts';

/**
 * Installs a file that the user already has.
 * @throws {AppError} BAD_REQUEST when it is not the model, with the reason in plain words.
 */
export async function addFile(spec: ModelSpec, weights: InstalledWeights, file: string): Promise<void> {
  const bytes = await readModelFile(file);
  const steps = stepsFor(spec, bytes, path.basename(file));
  let result: Uint8Array;
  try {
    result = derive([bytes], steps, spec);
  } catch (error) {
    if (!(error instanceof CannotConvert)) throw error;
    throw notThis(spec, file, error.message, error);
  }
  if (spec.weights.sha256 !== undefined && sha256(result) !== spec.weights.sha256) {
    throw notThis(spec, file, 'it is not one of the files that this model is published as');
  }
  try {
    await mkdir(weights.folder, { recursive: true });
    await weights.write(result, steps, { source: 'file', origin: path.basename(file) });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const detail = `${weights.folder} ${full ? 'has no room for the model' : `cannot be written (${code})`}.`;
    throw new AppError(full ? 'DISK_FULL' : 'CACHE_READ_ONLY', detail, { cause: error });
  }
}

/** A file known by its checksum is treated as if it had just been downloaded; any other by what it seems to be. */
function stepsFor(spec: ModelSpec, bytes: Uint8Array, name: string): readonly Derivation[] {
  const { sources, add, sha256: installed } = spec.weights;
  const digest = sha256(bytes);
  if (digest === installed) return [];
  const blob = gitBlobId(bytes);
  for (const source of sources) {
    const known = source.type === 'http' || source.type === 'npm-files' ? source.files : [source];
    const [only, ...others] = known as { sha256?: string; gitBlob?: string }[];
    if (only && others.length === 0 && (only.sha256 === digest || only.gitBlob === blob)) return source.derive;
  }
  const kind = path.extname(name).toLowerCase();
  if (kind === '.onnx') return add?.onnx ?? ADD_ONNX;
  if (kind === '.pb' && add?.pb) return add.pb;
  const kinds = add?.pb ? '.pb (a frozen TensorFlow graph) or .onnx' : '.onnx';
  throw notThis(spec, name, `its name ends in "${kind}", and a file that ends in ${kinds} is needed`);
}

async function readModelFile(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const info = await handle.stat();
      if (!info.isFile()) throw new AppError('BAD_REQUEST', `${file} is not a file.`);
      if (info.size > MAX_DOWNLOAD_BYTES) throw new AppError('BAD_REQUEST', `${file} is too large for a model.`);
      if (info.size === 0) throw new AppError('BAD_REQUEST', `${file} is empty.`);
      return await readFile(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code}).`;
    throw new AppError('BAD_REQUEST', reason, { cause: error });
  }
}

function notThis(spec: ModelSpec, file: string, reason: string, cause?: unknown): AppError {
  const detail = `${path.basename(file)} cannot be used as "${spec.name}": ${reason}.`;
  return new AppError('BAD_REQUEST', detail, { cause });
}
