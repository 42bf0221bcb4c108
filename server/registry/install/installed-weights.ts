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

export type WeightsPlace = 'cache' | 'shipped';

/** The weights of one model: in its cache folder, or beside its spec where they are shipped with Hairline. */
export class InstalledWeights {
  readonly folder: string;
  readonly file: string;
  readonly #spec: ModelSpec;
  readonly #shipped: string;

  /**
   * @param folder in the user's cache; the only one that is ever written
   * @param shipped folder of the spec, which is read where the cache has nothing that can be used
   */
  constructor(spec: ModelSpec, folder: string, shipped: string) {
    this.#spec = spec;
    this.folder = folder;
    this.file = path.join(folder, spec.weights.file);
    this.#shipped = shipped;
  }

  /** Size of the weights if they are complete and current; does not hash them. */
  async size(): Promise<number | null> {
    return (await this.#sizeIn(this.folder)) ?? this.#sizeIn(this.#shipped);
  }

  /** Where they are, if complete and current. */
  async place(): Promise<WeightsPlace | null> {
    if ((await this.#sizeIn(this.folder)) !== null) return 'cache';
    return (await this.#sizeIn(this.#shipped)) === null ? null : 'shipped';
  }

  async #sizeIn(folder: string): Promise<number | null> {
    const expected = this.#expected(await readManifest(folder));
    const size = await sizeOf(path.join(folder, this.#spec.weights.file));
    return expected && size === expected.bytes ? size : null;
  }

  /** The same as `size` without waiting, for a choice between models. */
  get present(): boolean {
    return [this.folder, this.#shipped].some((folder) => {
      const manifest = path.join(folder, MANIFEST);
      const expected = this.#expected(existsSync(manifest) ? parseManifest(readFileSync(manifest, 'utf8')) : null);
      const file = path.join(folder, this.#spec.weights.file);
      return expected !== null && statSync(file, { throwIfNoEntry: false })?.size === expected.bytes;
    });
  }

  /** @throws {AppError} WEIGHTS_MISSING, or WEIGHTS_CORRUPT when size or checksum differ. */
  async read(): Promise<Uint8Array> {
    try {
      return await this.#readIn(this.folder);
    } catch (error) {
      // What is wrong with the user's own copy matters only where no other is there.
      if ((await this.#sizeIn(this.#shipped)) === null) throw error;
      return this.#readIn(this.#shipped);
    }
  }

  async #readIn(folder: string): Promise<Uint8Array> {
    const { name } = this.#spec;
    const manifest = await readManifest(folder);
    const expected = this.#expected(manifest);
    if (!expected) {
      const outdated = 'was prepared by another version of Hairline and must be downloaded or added again';
      const detail = manifest ? `The model "${name}" ${outdated}.` : `The model "${name}" is not downloaded yet.`;
      throw new AppError('WEIGHTS_MISSING', detail);
    }
    const bytes = await readFile(path.join(folder, this.#spec.weights.file)).catch((cause: NodeJS.ErrnoException) => {
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

  async manifest(): Promise<Manifest | null> {
    return readManifest((await this.place()) === 'shipped' ? this.#shipped : this.folder);
  }

  /** Deletes the folder in the cache; what is shipped stays. Returns whether there were weights. */
  async remove(): Promise<boolean> {
    const existed = (await sizeOf(this.file)) !== null;
    await rm(this.folder, { recursive: true, force: true }).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      throw new AppError('CACHE_READ_ONLY', `${this.folder} cannot be deleted (${code}).`, { cause: error });
    });
    return existed;
  }

  /** A checksum in the spec takes precedence over the manifest; shipped weights need no manifest then. */
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
