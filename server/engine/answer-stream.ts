import { Readable } from 'node:stream';

/** A streamed answer on its way to a client, who may be slow: more is asked of the child only when there is room. */
export class AnswerStream extends Readable {
  readonly #ask: (bytes: number) => void;
  readonly #cancel: () => void;
  #taken = 0;

  /**
   * @param ask lets the child send so many more bytes
   * @param cancel called when the client leaves, and harmless when all had come
   */
  constructor(ask: (bytes: number) => void, cancel: () => void) {
    super({ highWaterMark: 1024 * 1024 });
    this.#ask = ask;
    this.#cancel = cancel;
  }

  add(bytes: Buffer): void {
    this.#taken += bytes.byteLength;
    this.push(bytes);
  }

  finish(error: Error | null): void {
    if (error) this.destroy(error);
    else this.push(null);
  }

  override _read(): void {
    if (this.#taken > 0) this.#ask(this.#taken);
    this.#taken = 0;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#cancel();
    done(error);
  }
}
