import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';

const MAX_BYTES = 2 * 1024 * 1024;
/** The current one included. */
const MAX_FILES = 5;
/** After a failure, milliseconds until the next try, so that a full disk is not hammered. */
const RETRY_MS = 10_000;

/** @param age 0 for the current file, 1 for the one before, … */
export function logFile(folder: string, age = 0): string {
  return path.join(folder, age === 0 ? 'hairline.log' : `hairline.${age}.log`);
}

/**
 * Appends lines to a log limited to five files of 2 MB. Writes are synchronous, so that the last lines before a crash
 * are saved, and never throw: an unwritable log must not stop the server. Libraries for this rotate on a timer or give
 * up after the first error.
 */
export class LogFile {
  readonly #folder: string;
  readonly #onFailure: (reason: string) => void;
  readonly #maxBytes: number;
  #descriptor: number | null = null;
  #bytes = 0;
  #failedAt: number | null = null;

  /** @param onFailure called once with `EACCES: …` or the like each time writing starts to fail */
  constructor(folder: string, onFailure: (reason: string) => void = () => undefined, maxBytes = MAX_BYTES) {
    this.#folder = folder;
    this.#onFailure = onFailure;
    this.#maxBytes = maxBytes;
  }

  write(line: string): void {
    if (this.#failedAt !== null && performance.now() - this.#failedAt < RETRY_MS) return;
    const bytes = Buffer.from(line);
    try {
      if (this.#descriptor === null) this.#open();
      else if (this.#bytes + bytes.length > this.#maxBytes) this.#rotate();
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#descriptor!, bytes, written);
      this.#bytes += bytes.length;
      this.#failedAt = null;
    } catch (error) {
      if (this.#failedAt === null) this.#onFailure((error as NodeJS.ErrnoException).code ?? (error as Error).message);
      this.#failedAt = performance.now();
      this.close();
    }
  }

  close(): void {
    if (this.#descriptor === null) return;
    closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #open(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#descriptor = openSync(logFile(this.#folder), 'a', 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  #rotate(): void {
    this.close();
    // Another server sharing the log may have rotated it already.
    const size = statSync(logFile(this.#folder), { throwIfNoEntry: false })?.size ?? 0;
    if (size >= this.#maxBytes / 2) {
      rmSync(logFile(this.#folder, MAX_FILES - 1), { force: true });
      for (let age = MAX_FILES - 2; age >= 0; age--)
        renameIfThere(logFile(this.#folder, age), logFile(this.#folder, age + 1));
    }
    this.#open();
  }
}

/** On Windows, renaming fails while another program reads the file; the old file is then continued. */
function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'EPERM', 'EACCES', 'EBUSY'].includes(code)) throw error;
  }
}
