import { setTimeout as delay } from 'node:timers/promises';
import type { HttpAnswer, HttpClient } from '../../http-client/http-client.ts';
import { type Expected, mismatch } from '../install/checksum.ts';
import { HttpStatusError, WrongContent } from './download-errors.ts';
import { megabytes } from './download-failure.ts';
import { PartFile } from './part-file.ts';

/*
 * No library fits: of the maintained downloaders in Node, ipull 4.0 and node-downloader-helper 2.1, neither sends
 * If-Range, so both may join halves of two different files; neither supports proxies; and ipull stores its state inside
 * the file it writes. npm's HTTP client does the hard part, and resuming is below.
 */

export interface DownloadTools {
  http: HttpClient;
  signal: AbortSignal;
  /** Bytes there so far; falls back to 0 when a download starts over. `total` is null while it is unknown. */
  onBytes(done: number, total: number | null): void;
  /** Throws when a file of this size has no room. */
  checkSpace?(bytes: number): Promise<void>;
  /** A connection counts as dead after this long without a byte. */
  stallMs?: number;
  /** Milliseconds before each further try. */
  retryDelays?: readonly number[];
}

const STALL_MS = 60_000;
const RETRY_DELAYS = [500, 1_500, 4_000];
/** No model that Hairline knows comes near this size. */
export const MAX_DOWNLOAD_BYTES = 1_000_000_000;

/** Failures that pass by themselves. */
const TRANSIENT = ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ECONNABORTED', 'EAI_AGAIN', 'ESTALLED', 'ECUT'];

/**
 * Downloads one file and verifies it. An interrupted download is resumed up to three times, and after that by the next
 * call with the same expected checksum: partial data stays at `<base>.<checksum>.part` until then.
 * @param base path of the part file; without a checksum in `expected` nothing outlives this call
 * @returns the verified bytes; the part file stays too: the caller deletes it after use.
 * @throws {WrongContent} when the bytes are not the expected ones, after an uninterrupted try.
 */
export async function downloadFile(
  url: string,
  base: string,
  expected: Expected,
  tools: DownloadTools,
): Promise<Uint8Array> {
  const key = (expected.sha256 ?? expected.gitBlob)?.slice(0, 12);
  const part = await PartFile.claim(`${base}.${key ?? 'unknown'}`);
  try {
    if (part.size > (expected.bytes ?? MAX_DOWNLOAD_BYTES)) await part.clear();
    for (let tries = 1; ; tries++) {
      const joined = await fill(part, url, expected, key !== undefined, tools);
      const bytes = await part.read();
      const wrong = mismatch(bytes, expected);
      if (!wrong) return bytes;
      await part.clear();
      // Pieces from two days may belong to two files. In one go it is the server's file that is wrong.
      if (!joined || tries === 2) throw new WrongContent(`what arrived ${wrong}`);
    }
  } catch (error) {
    // Longer than the file: nothing can be continued from here.
    if (error instanceof WrongContent && part.size > (expected.bytes ?? MAX_DOWNLOAD_BYTES)) await part.clear();
    throw error;
  } finally {
    await (key ? part.release() : part.remove());
  }
}

/** Fills the part file to its end. Returns whether it was put together from several answers. */
async function fill(part: PartFile, url: string, expected: Expected, keeps: boolean, tools: DownloadTools) {
  const { signal, retryDelays = RETRY_DELAYS } = tools;
  const transfer = new Transfer(part, url, expected, tools);
  for (let attempt = 0; ; attempt++) {
    try {
      await transfer.run();
      return transfer.joined;
    } catch (error) {
      signal.throwIfAborted();
      const pause = retryDelays[attempt];
      if (!isTransient(error)) throw error;
      if (pause === undefined) throw keeps ? interrupted(error as Error, part.size, transfer.total) : error;
      await delay(pause, undefined, { signal });
    }
  }
}

class Transfer {
  joined = false;
  total: number | null;
  #validator: string | null = null;
  readonly #part: PartFile;
  readonly #url: string;
  readonly #expected: Expected;
  readonly #tools: DownloadTools;

  constructor(part: PartFile, url: string, expected: Expected, tools: DownloadTools) {
    this.#part = part;
    this.#url = url;
    this.#expected = expected;
    this.#tools = tools;
    this.total = expected.bytes ?? null;
  }

  /** One request and its answer. Ends when the file is complete; otherwise throws, and the part has what arrived. */
  async run(): Promise<void> {
    const part = this.#part;
    const expected = this.#expected;
    const tools = this.#tools;
    if (part.size > 0 && part.size === expected.bytes) return;
    const stalled = new AbortController();
    const timer = setTimeout(
      () => stalled.abort(failure('ESTALLED', 'no more data arrived')),
      tools.stallMs ?? STALL_MS,
    );
    const signal = AbortSignal.any([tools.signal, stalled.signal]);
    try {
      const answer = await tools.http(this.#url, { headers: this.#headers(), signal });
      try {
        if (await this.#accept(answer)) await this.#receive(answer, () => timer.refresh());
      } finally {
        answer.close();
      }
    } catch (error) {
      throw stalled.signal.aborted ? stalled.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  #headers(): Record<string, string> {
    // A compressed answer has no byte positions to continue from.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (this.#part.size > 0) {
      headers.range = `bytes=${this.#part.size}-`;
      if (this.#validator) headers['if-range'] = this.#validator;
    }
    return headers;
  }

  /** Decides what an answer means for the bytes that are there. Returns false when nothing is left to receive. */
  async #accept(answer: HttpAnswer): Promise<boolean> {
    const part = this.#part;
    const tools = this.#tools;
    const encoded = (answer.header('content-encoding') ?? 'identity') !== 'identity';
    const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(answer.header('content-range') ?? '');
    const whole = range && range[3] !== '*' ? Number(range[3]) : null;
    if (answer.status === 416 && part.size > 0) {
      if (whole === part.size) return false;
      await this.#startOver('the server has no such part of the file');
    }
    if (answer.status === 206) {
      const changed = this.#validator !== null && this.#validator !== validatorOf(answer);
      if (encoded || changed || part.size === 0 || Number(range?.[1] ?? -1) !== part.size) {
        await this.#startOver('the server sent another part of the file than asked for');
      }
      this.joined = true;
      this.total = whole ?? this.total;
    } else if (answer.status === 200) {
      const length = answer.header('content-length');
      if (length !== null && !encoded) this.total = Number(length);
      // Checked before the part is given up: a hotel's login page answers 200 too.
      this.#checkTotal();
      // The server ignores ranges, or the file has changed since.
      if (part.size > 0) await part.clear();
      this.joined = false;
    } else {
      throw new HttpStatusError(answer.status);
    }
    this.#validator = encoded ? null : validatorOf(answer);
    this.#checkTotal();
    if (this.total !== null) await tools.checkSpace?.(this.total - part.size);
    tools.onBytes(part.size, this.total);
    return true;
  }

  async #receive(answer: HttpAnswer, onLife: () => void): Promise<void> {
    const part = this.#part;
    const tools = this.#tools;
    const limit = this.total ?? MAX_DOWNLOAD_BYTES;
    await part.append(answer.body, (size) => {
      onLife();
      tools.signal.throwIfAborted();
      if (size > limit) throw new WrongContent(`the server sends more than ${limit} bytes`);
      tools.onBytes(size, this.total);
    });
    if (this.total !== null && part.size < this.total) throw failure('ECUT', 'the connection was cut');
  }

  #checkTotal(): void {
    const expected = this.#expected;
    const { total } = this;
    if (total === null) return;
    if (expected.bytes !== undefined && total !== expected.bytes) {
      throw new WrongContent(`the server offers ${total} bytes instead of ${expected.bytes}`);
    }
    if (total > MAX_DOWNLOAD_BYTES)
      throw new WrongContent(`the server offers ${megabytes(total)}, too much for a model`);
  }

  async #startOver(why: string): Promise<never> {
    await this.#part.clear();
    throw failure('ECUT', why);
  }
}

/** What If-Range may name: a weak tag stands for a file that is only about the same. */
function validatorOf(answer: HttpAnswer): string | null {
  const tag = answer.header('etag');
  return tag && !tag.startsWith('W/') ? tag : answer.header('last-modified');
}

function interrupted(cause: Error, kept: number, total: number | null): Error {
  if (kept === 0) return cause;
  const ofTotal = total === null ? '' : ` of ${megabytes(total)}`;
  const sentence = `${cause.message} after ${megabytes(kept)}${ofTotal}; these are kept, and the next try continues there`;
  return Object.assign(new Error(sentence, { cause }), { code: 'EINTERRUPTED' });
}

function isTransient(error: unknown): boolean {
  if (error instanceof HttpStatusError) return error.passing;
  return TRANSIENT.includes((error as NodeJS.ErrnoException).code ?? '');
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
