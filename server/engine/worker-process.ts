import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Duplex } from 'node:stream';
import type { LoadState } from '../matting/model-status.ts';
import { AnswerStream } from './answer-stream.ts';
import type { Answer, Usage } from './engine.ts';
import { Channel } from './wire/channel.ts';
import {
  type AnswerHead,
  type Call,
  type EngineSettings,
  type Order,
  type Report,
  unpackError,
} from './wire/messages.ts';

/** Milliseconds that a child may take to start, on a slow disk too, and to end once asked. */
const START_WITHIN = 60_000;
const END_WITHIN = 5_000;

/** Milliseconds within which cancelled work must stop; otherwise the child counts as hung. */
const STOP_WITHIN = 120_000;

/**
 * glibc gives every thread its own heap and rarely returns memory: after 350 pictures the child used 397 MB, with two
 * heaps 265 MB. Other systems ignore the variable.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: '2' };

/** Native code may print long messages. */
const MAX_LINE = 500;

/** When this process is out of file descriptors, the child has no pipes, and an `error` event follows. */
const nowhere = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });

/** The process ended before it answered. */
export class WorkerDied extends Error {
  override name = 'WorkerDied';
}

export interface ProcessOptions {
  /** The script to run. */
  file: string;
  settings: EngineSettings;
  /** Milliseconds, for tests. */
  stopWithin?: number | undefined;
  onModel(id: string, state: LoadState | null): void;
  onUsage(usage: Usage): void;
  /** Called with the exit reason, as a sentence, before its calls fail. */
  onEnd(process: WorkerProcess, how: string): void;
  log(level: 'info' | 'warn', fields: object, text: string): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onProgress: ((fraction: number) => void) | undefined;
  head: AnswerHead | null;
  /** A partially received answer of known size. */
  body: Buffer | null;
  filled: number;
  stream: AnswerStream | null;
}

/** One life of the child: from its start to its end, for whatever reason. */
export class WorkerProcess {
  /** Settles when it accepts calls. @throws {WorkerDied} */
  readonly up: Promise<void>;
  /** Never rejects. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #channel: Channel<Report, Order>;
  readonly #pending = new Map<number, Pending>();
  readonly #options: ProcessOptions;
  #lastId = 0;
  #dead: WorkerDied | null = null;
  #markUp = () => {};

  constructor(options: ProcessOptions) {
    this.#options = options;
    // `overlapped` lets a Node program on Windows read and write at once; elsewhere it is a plain pipe.
    const stdio = ['ignore', 'pipe', 'pipe', 'overlapped'] as const;
    const env = { ...ALLOCATOR, ...process.env };
    this.#child = spawn(process.execPath, [options.file], { stdio: [...stdio], windowsHide: true, env });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(this.#end(`it could not be started (${error.message})`)));
      this.#child.once('exit', (code, signal) => resolve(this.#end(signal ? `signal ${signal}` : `exit code ${code}`)));
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
      lines.on('line', (line) => options.log('warn', { from: 'engine' }, line.slice(0, MAX_LINE)));
    }
    this.#channel = new Channel<Report, Order>((this.#child.stdio?.[3] as Duplex | undefined) ?? nowhere(), {
      onMessage: (report) => this.#take(report),
      onBytes: (id, part) => this.#receive(id, part),
      // Usually the end of the process; if not, it is unusable.
      onClose: () => this.kill(),
    });
    this.up = new Promise((resolve, reject) => {
      const late = setTimeout(() => this.kill(), START_WITHIN).unref();
      this.#markUp = () => {
        clearTimeout(late);
        resolve();
      };
      void this.ended.then(() => reject(this.#dead));
    });
    this.up.catch(() => undefined);
    this.#channel.send({ type: 'start', settings: options.settings });
  }

  /** Whether it has no pending calls, streams included. */
  get idle(): boolean {
    return this.#pending.size === 0;
  }

  get alive(): boolean {
    return this.#dead === null;
  }

  /**
   * @param body sent after the call, unchanged
   * @throws {WorkerDied}; what the engine throws; the signal's reason
   */
  async call(
    call: Call,
    { body, signal, onProgress }: { body?: Buffer; signal?: AbortSignal; onProgress?: (fraction: number) => void } = {},
  ): Promise<unknown> {
    if (this.#dead) throw this.#dead;
    const id = ++this.#lastId;
    let late: NodeJS.Timeout | undefined;
    const abort = () => {
      this.#channel.send({ type: 'abort', id });
      late = setTimeout(() => this.kill(), this.#options.stopWithin ?? STOP_WITHIN).unref();
    };
    const answered = new Promise((resolve, reject) => {
      const pending = { resolve, reject, onProgress, head: null, body: null, filled: 0, stream: null };
      this.#pending.set(id, pending);
    });
    this.#channel.send({ type: 'call', id, call });
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const wanted = () => this.#pending.has(id) && !signal?.aborted;
      if (body) await Promise.all([answered, this.#channel.sendBytes(id, body, wanted)]);
      return await answered;
    } catch (error) {
      // The child reports CANCELLED; the signal has the actual reason.
      signal?.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends it after its current work. */
  async close(): Promise<void> {
    this.#channel.send({ type: 'close' });
    const late = setTimeout(() => this.kill(), END_WITHIN);
    await this.ended;
    clearTimeout(late);
  }

  /** The child ignores signals sent to its process group, so only SIGKILL ends it. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #take(report: Report): void {
    const { onModel, onUsage, log } = this.#options;
    if (report.type === 'up') this.#markUp();
    else if (report.type === 'model') onModel(report.id, report.state);
    else if (report.type === 'usage') onUsage(report.usage);
    else if (report.type === 'log') log('info', report.fields, report.text);
    else this.#answer(report);
  }

  #answer(report: Extract<Report, { type: 'progress' | 'answer' | 'done' | 'failed' }>): void {
    const { id } = report;
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (report.type === 'progress') pending.onProgress?.(report.fraction);
    else if (report.type === 'answer') this.#beginAnswer(id, pending, report.head, report.bytes);
    else {
      this.#pending.delete(id);
      const error = report.type === 'failed' ? unpackError(report.error) : null;
      if (pending.stream) pending.stream.finish(error);
      else if (error) pending.reject(error);
      else pending.resolve(report.type === 'done' ? report.value : undefined);
    }
  }

  #beginAnswer(id: number, pending: Pending, head: AnswerHead, bytes: number | null): void {
    if (bytes === null) {
      pending.stream = new AnswerStream(
        (wanted) => this.#channel.send({ type: 'credit', id, bytes: wanted }),
        () => this.#pending.delete(id) && this.#channel.send({ type: 'abort', id }),
      );
      pending.resolve({ ...head, body: pending.stream } satisfies Answer);
      return;
    }
    pending.head = head;
    pending.body = Buffer.allocUnsafeSlow(bytes);
    if (bytes === 0) this.#finish(id, pending);
  }

  #receive(id: number, part: Buffer): void {
    const pending = this.#pending.get(id);
    // The parser's buffer belongs to the socket; a stream's reader may be slow.
    pending?.stream?.add(Buffer.from(part));
    if (!pending?.body) return;
    pending.filled += part.copy(pending.body, pending.filled);
    if (pending.filled === pending.body.length) this.#finish(id, pending);
  }

  /** Answers with a body are delivered whole, so that an interrupted one can be requested again. */
  #finish(id: number, { head, body, resolve }: Pending): void {
    this.#pending.delete(id);
    resolve({ ...head!, body: body! } satisfies Answer);
  }

  #end(how: string): void {
    if (this.#dead) return;
    this.#dead = new WorkerDied(how);
    this.#options.onEnd(this, how);
    for (const { reject, stream } of this.#pending.values()) {
      stream?.destroy(this.#dead);
      reject(this.#dead);
    }
    this.#pending.clear();
  }
}
