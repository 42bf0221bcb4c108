import { readFile, rm, stat, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeWhole } from '../../../system/files.ts';
import { isAlive } from '../../../system/process-alive.ts';
import { UsageError } from '../../terminal.ts';

const NAME = '.hairline-watch.json';
const BEAT = 2000;

interface Entry {
  host: string;
  pid: number;
  /** Names of results, without their endings, of pictures in work: by the pictures' places in the folder. */
  working: Record<string, string>;
}

/**
 * What is being worked on in a watched folder, as a file in it. After a crash a picture keeps the names of its results, which may
 * be half there; and a second command finds the folder taken.
 */
export class Journal {
  readonly #file: string;
  readonly #working: Map<string, string>;
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: string, working: Record<string, string>) {
    this.#file = file;
    this.#working = new Map(Object.entries(working));
    this.#timer = setInterval(() => {
      const now = new Date();
      utimes(file, now, now).catch(() => undefined);
    }, BEAT).unref();
  }

  /** @throws {UsageError} when another command watches the folder */
  static async open(folder: string, signal: AbortSignal): Promise<Journal> {
    const file = path.join(folder, NAME);
    const last = await readEntry(file);
    if (last && (await isTaken(file, last, signal))) {
      const where = last.host === os.hostname() ? '' : ` on ${last.host}`;
      throw new UsageError(`Another hairline watches ${folder} already${where}.`);
    }
    const journal = new Journal(file, last?.working ?? {});
    await journal.#write().catch((cause: NodeJS.ErrnoException) => {
      clearInterval(journal.#timer);
      throw new UsageError(`Hairline cannot write into ${folder} (${cause.code}), so it cannot move pictures there.`);
    });
    return journal;
  }

  /** The name under which the results of an earlier, unfinished try were written. */
  nameOf(relative: string): string | undefined {
    return this.#working.get(relative);
  }

  async begin(relative: string, name: string): Promise<void> {
    if (this.#working.get(relative) === name) return;
    this.#working.set(relative, name);
    await this.#write();
  }

  async end(relative: string): Promise<void> {
    if (this.#working.delete(relative)) await this.#write();
  }

  /** What is unfinished stays noted. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#working.size === 0) {
      await this.#writing;
      await rm(this.#file, { force: true });
    } else await this.#write(0);
  }

  #write(pid = process.pid): Promise<void> {
    const entry: Entry = { host: os.hostname(), pid, working: Object.fromEntries(this.#working) };
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(() => writeWhole(this.#file, Buffer.from(`${JSON.stringify(entry, null, 2)}\n`)));
    return this.#writing;
  }
}

async function readEntry(file: string): Promise<Entry | null> {
  try {
    const { host, pid, working } = JSON.parse(await readFile(file, 'utf8')) as Partial<Entry>;
    const isKnown = typeof working === 'object' && Object.values(working ?? {}).every((name) => isName(name));
    return { host: String(host), pid: Number(pid), working: isKnown ? (working ?? {}) : {} };
  } catch {
    return null;
  }
}

/** Anyone who can write into the folder can write the journal: a name must not lead elsewhere. */
function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && !/[/\\\0]|^\.{1,2}$/.test(name);
}

/** On this computer the process tells; on another one, or where its number was given again, the file's time does. */
async function isTaken(file: string, { host, pid }: Entry, signal: AbortSignal): Promise<boolean> {
  if (!(pid > 0) || pid === process.pid) return false;
  if (host === os.hostname() && !isAlive(pid)) return false;
  const timeOf = async () => (await stat(file).catch(() => null))?.mtimeMs;
  const before = await timeOf();
  await delay(2.5 * BEAT, undefined, { signal });
  return (await timeOf()) !== before;
}
