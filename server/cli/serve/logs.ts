import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type Config, loadUserConfig } from '../../config/config.ts';
import { logFile } from '../../log/log-file.ts';
import { logTextOf } from '../../log/log-text.ts';
import { EXIT, interruptible, type Terminal } from '../terminal.ts';

const LOOK_MS = 300;

export interface LogsOptions {
  /** How many of the last ones. */
  lines: number;
  follow?: boolean;
  json?: boolean;
  path?: boolean;
}

/** Adds `hairline logs`. */
export function registerLogs(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('logs')
    .description('show what the server has logged')
    .option('-n, --lines <number>', 'how many of the last lines', parseCount, 50)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--json', 'print the lines as they are in the file')
    .option('--path', 'print where the file is')
    .action(async (options: LogsOptions) => {
      exit(await interruptible((signal) => showLogs(loadUserConfig(), options, terminal, signal)));
    });
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** @returns the exit code: failed when there is no log */
export async function showLogs(
  { logDir }: Pick<Config, 'logDir'>,
  { lines, follow = false, json = false, path = false }: LogsOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const print = (line: string) => {
    terminal.result(json ? line : logTextOf(line));
    terminal.flush();
  };
  if (path) {
    terminal.result(logFile(logDir));
    terminal.flush();
    return EXIT.ok;
  }
  let current = await Tail.open(logFile(logDir));
  if (!current && !follow) {
    terminal.complain(`There is no log in ${logDir}. It begins with the first "hairline serve".`);
    return EXIT.failed;
  }
  try {
    const last = (await current?.read()) ?? [];
    if (last.length < lines) last.unshift(...(await readAll(logFile(logDir, 1))));
    for (const line of lines === 0 ? [] : last.slice(-lines)) print(line);
    while (follow) {
      await delay(LOOK_MS, undefined, { signal });
      for (const line of (await current?.read()) ?? []) print(line);
      if (current && !(await current.isOutdated())) continue;
      // The log was turned over: the rest of the old file has just been read.
      await current?.close();
      current = await Tail.open(logFile(logDir));
    }
    return EXIT.ok;
  } catch (error) {
    if (!signal.aborted) throw error;
    return EXIT.ok;
  } finally {
    await current?.close();
  }
}

async function readAll(file: string): Promise<string[]> {
  const tail = await Tail.open(file);
  try {
    return (await tail?.read()) ?? [];
  } finally {
    await tail?.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

/** A file that grows, read line by line. */
class Tail {
  readonly #file: string;
  readonly #handle: Handle;
  /** What has come of a line whose end has not. */
  #rest = Buffer.alloc(0);

  private constructor(file: string, handle: Handle) {
    this.#file = file;
    this.#handle = handle;
  }

  static async open(file: string): Promise<Tail | null> {
    try {
      return new Tail(file, await open(file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** The lines that have been completed since it was read last. */
  async read(): Promise<string[]> {
    const chunks = [this.#rest];
    for (;;) {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.alloc(65_536), 0, 65_536, null);
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
    }
    const bytes = Buffer.concat(chunks);
    const end = bytes.lastIndexOf('\n') + 1;
    this.#rest = bytes.subarray(end);
    return bytes.toString('utf8', 0, end).split('\n').filter(Boolean);
  }

  /** Whether the name now stands for another file. */
  async isOutdated(): Promise<boolean> {
    const other = await open(this.#file).catch(() => null);
    if (!other) return false;
    try {
      return (await other.stat()).ino !== (await this.#handle.stat()).ino;
    } finally {
      await other.close();
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
