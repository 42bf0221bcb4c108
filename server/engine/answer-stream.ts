import { Readable } from 'node:stream';

/** A streamed answer to a possibly slow client: the child is asked for more only when there is room. */
export class AnswerStream extends Readable {
  readonly #ask: (bytes: number) => void;
  readonly #cancel: () => void;
  #taken = 0;

  /**
   * @param ask allows the child to send this many more bytes
   * @param cancel called when the client disconnects; harmless after the end
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
