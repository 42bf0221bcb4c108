import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type Config, loadUserConfig } from '../../config/config.ts';
import { logFile } from '../../log/log-file.ts';
import { logTextOf } from '../../log/log-text.ts';
import { EXIT, interruptible, type Terminal } from '../terminal.ts';

const LOOK_MS = 300;

export interface LogsOptions {
  /** How many of the last lines to show. */
  lines: number;
  follow?: boolean;
  json?: boolean;
  path?: boolean;
}

/** Adds `hairline logs`. */
export function registerLogs(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('logs')
    .description('show the log of the server')
    .option('-n, --lines <number>', 'number of last lines to show', parseCount, 50)
    .option('-f, --follow', 'keep printing new lines until Ctrl-C')
    .option('--json', 'print the lines as stored in the file')
    .option('--path', 'print the path of the log file')
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
    terminal.complain(`There is no log in ${logDir}. The first "hairline serve" creates it.`);
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
      // The log was rotated: the rest of the old file has just been read.
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
  /** The start of a line whose end has not been written yet. */
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

  /** The lines completed since the last read. */
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

  /** Whether the path now refers to another file. */
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
