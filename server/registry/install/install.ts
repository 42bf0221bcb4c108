import { mkdir, statfs } from 'node:fs/promises';
import { WrongContent } from '../download/download-errors.ts';
import { diskTooFull, downloadFailure, isLocal, type SourceFailure } from '../download/download-failure.ts';
import { removeParts } from '../download/part-file.ts';
import type { PullProgress } from '../pull.ts';
import { type FetchOptions, fetchOriginals } from '../sources/originals.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import { nameOfSource, type Source } from '../spec/source-spec.ts';
import { mismatch } from './checksum.ts';
import { CannotConvert, derive } from './derive.ts';
import type { InstalledWeights } from './installed-weights.ts';

export type InstallOptions = Omit<FetchOptions, 'folder' | 'checkSpace'>;

/**
 * Tries the sources of a model in order until one gives it; the weights appear complete and verified, or not at all.
 * @throws {AppError} with the reason of every source; the signal's reason when aborted.
 */
export async function installModel(spec: ModelSpec, weights: InstalledWeights, options: InstallOptions): Promise<void> {
  const failures: SourceFailure[] = [];
  try {
    await mkdir(weights.folder, { recursive: true });
    await removeParts(weights.folder, { kept: false });
    for (const source of spec.weights.sources) {
      try {
        await installFrom(source, spec, weights, options);
        await removeParts(weights.folder, { kept: true });
        return;
      } catch (error) {
        options.signal.throwIfAborted();
        failures.push({ source: nameOfSource(source), error });
        if (isLocal(error)) break;
      }
    }
  } catch (error) {
    options.signal.throwIfAborted();
    failures.push({ source: '', error });
  }
  throw downloadFailure(spec, weights.folder, failures);
}

async function installFrom(source: Source, spec: ModelSpec, weights: InstalledWeights, options: InstallOptions) {
  const { folder } = weights;
  const checkSpace = (bytes: number) => checkRoom(spec, folder, bytes + (spec.weights.bytes ?? bytes));
  const { files, origin } = await fetchOriginals(source, { ...options, folder, checkSpace });
  options.signal.throwIfAborted();
  const bytes = convert(files, source.derive, spec, options.onProgress);
  await weights.write(bytes, source.derive, { source: source.type, origin });
}

function convert(
  files: readonly Uint8Array[],
  steps: Source['derive'],
  spec: ModelSpec,
  onProgress: (progress: PullProgress) => void,
): Uint8Array {
  const total = spec.weights.bytes ?? files.reduce((sum, file) => sum + file.length, 0);
  onProgress({ phase: 'convert', done: 0, total });
  try {
    const bytes = derive(files, steps, spec);
    const wrong = mismatch(bytes, spec.weights);
    if (wrong) throw new WrongContent(`the converted model ${wrong}`);
    onProgress({ phase: 'convert', done: total, total });
    return bytes;
  } catch (error) {
    throw error instanceof CannotConvert
      ? new Error(`it could not be converted (${error.message})`, { cause: error })
      : error;
  }
}

/** Better said before a long download than after it. */
async function checkRoom(spec: ModelSpec, folder: string, needed: number): Promise<void> {
  const disk = await statfs(folder).catch(() => null);
  if (disk && disk.bavail * disk.bsize < needed) throw diskTooFull(spec, folder, needed, disk.bavail * disk.bsize);
}
