import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { PART } from '../../system/files.ts';

/** Older than this, a claimed part is abandoned: a live download stalls for one minute at most. */
const ABANDONED_MS = 10 * 60_000;

const CLAIM = /\.(\d+)-[0-9a-f]{8}$/;
const KEPT = /\.[0-9a-f]{12}(\.\d+-[0-9a-f]{8})?\.part$/;

/**
 * An incomplete download that a later process may continue. Between two downloads it lies at `<base>.part`; a process
 * claims it by renaming it to a unique name, which only one process can do.
 */
export class PartFile {
  readonly path: string;
  size: number;
  readonly #base: string;

  private constructor(base: string, file: string, size: number) {
    this.#base = base;
    this.path = file;
    this.size = size;
  }

  /** @param base path without the ending; a name that stands for the content, as two contents must never be joined. */
  static async claim(base: string): Promise<PartFile> {
    const own = `${base}.${process.pid}-${randomBytes(4).toString('hex')}${PART}`;
    for (const { file, size } of await leftovers(base)) {
      if (await rename(file, own).then(yes, no)) return new PartFile(base, own, size);
    }
    await (await open(own, 'wx')).close();
    return new PartFile(base, own, 0);
  }

  async append(chunks: AsyncIterable<Uint8Array>, onChunk: (size: number) => void): Promise<void> {
    const file = await open(this.path, 'a');
    try {
      for await (const chunk of chunks) {
        await file.writeFile(chunk);
        this.size += chunk.length;
        onChunk(this.size);
      }
    } finally {
      await file.close();
    }
  }

  read(): Promise<Uint8Array> {
    return readFile(this.path);
  }

  async clear(): Promise<void> {
    await truncate(this.path, 0);
    this.size = 0;
  }

  /** Releases it for the next process. */
  async release(): Promise<void> {
    if (this.size === 0) await this.remove();
    else await rename(this.path, this.#base + PART).catch(no);
  }

  remove(): Promise<void> {
    return rm(this.path, { force: true });
  }
}

/** Unclaimed parts of one content, the longest first. */
async function leftovers(base: string): Promise<{ file: string; size: number }[]> {
  const found: { file: string; size: number }[] = [];
  for (const name of await readdir(path.dirname(base)).catch(() => [])) {
    const file = path.join(path.dirname(base), name);
    if (!file.startsWith(`${base}.`) || !name.endsWith(PART)) continue;
    const owner = CLAIM.exec(file.slice(0, -PART.length))?.[1];
    const info = await stat(file).catch(() => null);
    if (!info || (owner && isAlive(Number(owner)) && Date.now() - info.mtimeMs < ABANDONED_MS)) continue;
    found.push({ file, size: info.size });
  }
  return found.sort((a, b) => b.size - a.size);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Deletes what crashed or killed processes left behind.
 * @param kept also what a later download could have continued: of no use once the model is installed
 */
export async function removeParts(folder: string, { kept }: { kept: boolean }): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((n) => n.endsWith(PART))) {
    const resumable = KEPT.test(name);
    if (resumable && !kept) continue;
    const file = path.join(folder, name);
    const { mtimeMs = Date.now() } = (await stat(file).catch(() => null)) ?? {};
    const claimed = CLAIM.test(name.slice(0, -PART.length));
    if ((resumable && !claimed) || Date.now() - mtimeMs > ABANDONED_MS) await rm(file, { force: true }).catch(no);
  }
}

const yes = () => true;
const no = () => false;
