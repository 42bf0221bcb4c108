import { createInterface } from 'node:readline/promises';

/** Exit codes that scripts may rely on. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The command line is invalid; the message says how to correct it. */
export class UsageError extends Error {}

export interface Streams {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
}

/** Messages for people go to stderr, results for programs to stdout. */
export class Terminal {
  readonly streams: Streams;
  quiet = false;
  readonly #held: string[] = [];

  constructor(streams: Streams = process) {
    this.streams = streams;
  }

  /** Whether a user is present to answer a question. */
  get interactive(): boolean {
    return Boolean(this.streams.stdin.isTTY && this.streams.stderr.isTTY);
  }

  /** Whether a line can be redrawn. */
  get animated(): boolean {
    return Boolean(this.streams.stderr.isTTY) && !this.quiet;
  }

  say(line: string): void {
    if (!this.quiet) this.complain(line);
  }

  /** Printed even with --quiet. */
  complain(line: string): void {
    this.streams.stderr.write(`${line}\n`);
  }

  /** A result. On a terminal it is held back until `flush`, because it would break up the progress bar. */
  result(line: string): void {
    if (this.streams.stdout.isTTY) this.#held.push(line);
    else this.streams.stdout.write(`${line}\n`);
  }

  flush(): void {
    for (const line of this.#held.splice(0)) this.streams.stdout.write(`${line}\n`);
  }

  async confirm(question: string, signal: AbortSignal): Promise<boolean> {
    const prompt = createInterface({ input: this.streams.stdin, output: this.streams.stderr });
    const left = new AbortController();
    // While it asks, readline swallows Ctrl-C; and end of input would leave the question pending forever.
    prompt.once('SIGINT', () => left.abort());
    prompt.once('close', () => left.abort());
    try {
      const answer = await prompt.question(`${question} [y/N] `, { signal: AbortSignal.any([signal, left.signal]) });
      return /^\s*y(es)?\s*$/i.test(answer);
    } finally {
      prompt.close();
    }
  }
}

/** Aborts on the first Ctrl-C; the second one ends the process at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

/** 1,234,567 -> `1.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}
