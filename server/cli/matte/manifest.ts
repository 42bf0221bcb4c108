import { createReadStream } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { UsageError } from '../terminal.ts';

/** One line of a manifest: what became of one picture. */
export interface ManifestLine {
  input: string;
  /** Paths of the results; empty when it failed. */
  output: readonly string[];
  /** Models that ran; null when it failed, and for a result that was there already. */
  model: string | null;
  seconds: number | null;
  error: string | null;
}

/**
 * JSON lines, added to as pictures end, so that a run that is stopped leaves what it did. When a picture has several lines,
 * the last one counts.
 */
export class Manifest {
  readonly #file: string;
  /** Inputs whose last line has a result. */
  readonly #done = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws {UsageError} */
  static async open(file: string): Promise<Manifest> {
    const manifest = new Manifest(file);
    try {
      await mkdir(path.dirname(file), { recursive: true });
      // Makes it, and says now that it cannot be written. A run that was killed may have left half a line.
      await appendFile(file, '');
      let isWhole = true;
      for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY }))
        isWhole = manifest.#read(line);
      if (!isWhole) await appendFile(file, '\n');
    } catch (error) {
      throw new UsageError(`--manifest: cannot write ${file} (${(error as NodeJS.ErrnoException).code}).`);
    }
    return manifest;
  }

  has(input: string): boolean {
    return this.#done.has(input);
  }

  /** One line after the other. */
  add(line: ManifestLine): Promise<void> {
    const { input, output, model, seconds, error } = line;
    const text = `${JSON.stringify({ input, output, model, seconds, error })}\n`;
    this.#last = this.#last.then(() => appendFile(this.#file, text));
    if (error === null) this.#done.add(input);
    return this.#last;
  }

  #read(text: string): boolean {
    if (text === '') return true;
    try {
      const { input, error } = JSON.parse(text) as ManifestLine;
      if (error === null) this.#done.add(input);
      else this.#done.delete(input);
      return true;
    } catch {
      return false;
    }
  }
}
