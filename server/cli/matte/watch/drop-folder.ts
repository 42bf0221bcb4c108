import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isPictureName } from '../inputs.ts';

/** A picture that lies in the folder. */
export interface Dropped {
  /** Absolute. */
  location: string;
  /** From the folder. */
  relative: string;
  /** Milliseconds since it last changed, as far as was seen. */
  idle: number;
}

interface Seen {
  mark: string;
  since: number;
}

/**
 * Finds pictures by looking again and again: results and finished pictures leave the folder, so it stays small, and looking works
 * on network folders too, which do not tell of changes.
 */
export class DropFolder {
  readonly #folder: string;
  readonly #excluded: Set<string>;
  readonly #seen = new Map<string, Seen>();

  /** @param excluded folders whose content is not looked at */
  constructor(folder: string, excluded: readonly string[]) {
    this.#folder = folder;
    this.#excluded = new Set(excluded);
  }

  /** All pictures, those first that have been there longest. @throws the error of the file system when the folder cannot be read */
  async look(): Promise<Dropped[]> {
    const now = performance.now();
    const found: (Dropped & { modified: number })[] = [];
    for (const location of await this.#list(this.#folder)) {
      const file = await stat(location).catch(() => null);
      if (!file?.isFile()) continue;
      const mark = `${file.size} ${file.mtimeMs}`;
      const known = this.#seen.get(location);
      const since = known?.mark === mark ? known.since : now;
      this.#seen.set(location, { mark, since });
      const relative = path.relative(this.#folder, location);
      // An empty file is one whose content is still to come.
      if (file.size > 0) found.push({ location, relative, idle: now - since, modified: file.mtimeMs });
    }
    const there = new Set(found.map(({ location }) => location));
    for (const location of this.#seen.keys()) if (!there.has(location)) this.#seen.delete(location);
    return found.sort((a, b) => a.modified - b.modified || (a.location < b.location ? -1 : 1));
  }

  async #list(folder: string): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const location = path.join(folder, entry.name);
      if (entry.name.startsWith('.')) continue;
      // Links to folders are not followed: they may lead to the results.
      if (entry.isDirectory()) {
        const isExcluded = this.#excluded.has(await realpath(location).catch(() => location));
        if (!isExcluded) found.push(...(await this.#list(location).catch(() => [])));
      } else if (isPictureName(entry.name)) found.push(location);
    }
    return found;
  }
}
