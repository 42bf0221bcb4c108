import { existsSync, readFileSync, statSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../errors.ts';
import { writeWhole } from '../../system/files.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import type { Derivation } from '../spec/source-spec.ts';
import { mismatch, sha256 } from './checksum.ts';
import {
  isCurrent,
  MANIFEST,
  type Manifest,
  parseManifest,
  readManifest,
  recipeOf,
  writeManifest,
} from './manifest.ts';

/** The weights of one model in its cache folder. */
export class InstalledWeights {
  readonly folder: string;
  readonly file: string;
  readonly #spec: ModelSpec;

  constructor(spec: ModelSpec, folder: string) {
    this.#spec = spec;
    this.folder = folder;
    this.file = path.join(folder, spec.weights.file);
  }

  /** Size of the weights if they are complete and current; does not hash them. */
  async size(): Promise<number | null> {
    const expected = this.#expected(await readManifest(this.folder));
    const size = await sizeOf(this.file);
    return expected && size === expected.bytes ? size : null;
  }

  /** The same without waiting, for a choice between models. */
  get present(): boolean {
    const manifest = path.join(this.folder, MANIFEST);
    const expected = this.#expected(existsSync(manifest) ? parseManifest(readFileSync(manifest, 'utf8')) : null);
    return expected !== null && statSync(this.file, { throwIfNoEntry: false })?.size === expected.bytes;
  }

  /** @throws {AppError} WEIGHTS_MISSING, or WEIGHTS_CORRUPT when size or checksum differ. */
  async read(): Promise<Uint8Array> {
    const { name } = this.#spec;
    const manifest = await readManifest(this.folder);
    const expected = this.#expected(manifest);
    if (!expected) {
      const outdated = 'was prepared by another version of Hairline and must be downloaded or added again';
      const detail = manifest ? `The model "${name}" ${outdated}.` : `The model "${name}" is not downloaded yet.`;
      throw new AppError('WEIGHTS_MISSING', detail);
    }
    const bytes = await readFile(this.file).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') {
        throw new AppError('WEIGHTS_MISSING', `The model "${name}" is not downloaded yet.`, { cause });
      }
      throw new AppError('WEIGHTS_CORRUPT', `The file of the model "${name}" cannot be read (${cause.code}).`, {
        cause,
      });
    });
    const wrong = mismatch(bytes, expected);
    if (wrong)
      throw new AppError('WEIGHTS_CORRUPT', `The file of the model "${name}" on disk is damaged: it ${wrong}.`);
    return bytes;
  }

  /** The weights first, the manifest last, and no old manifest in between that would describe other weights. */
  async write(bytes: Uint8Array, steps: readonly Derivation[], from: { source: string; origin: string }) {
    await rm(path.join(this.folder, MANIFEST), { force: true });
    await writeWhole(this.file, bytes);
    await writeManifest(this.folder, {
      file: this.#spec.weights.file,
      bytes: bytes.length,
      sha256: sha256(bytes),
      recipe: recipeOf(this.#spec, steps),
      ...from,
    });
  }

  manifest(): Promise<Manifest | null> {
    return readManifest(this.folder);
  }

  /** Deletes the folder. Returns whether there were weights. */
  async remove(): Promise<boolean> {
    const existed = (await sizeOf(this.file)) !== null;
    await rm(this.folder, { recursive: true, force: true }).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      throw new AppError('CACHE_READ_ONLY', `${this.folder} cannot be deleted (${code}).`, { cause: error });
    });
    return existed;
  }

  /** A checksum in the spec is the truth; it also stands in for the manifest that older versions did not write. */
  #expected(manifest: Manifest | null): { bytes: number; sha256: string } | null {
    const { bytes, sha256 } = this.#spec.weights;
    if (bytes !== undefined && sha256 !== undefined) return { bytes, sha256 };
    return manifest && isCurrent(this.#spec, manifest) ? manifest : null;
  }
}

async function sizeOf(file: string): Promise<number | null> {
  const found = await stat(file).catch(() => null);
  return found?.isFile() ? found.size : null;
}
