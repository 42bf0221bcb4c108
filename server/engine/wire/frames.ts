/**
 * The wire format between the two processes: frames of a 9-byte head (kind, id, length; little-endian) and content. A
 * `message` is JSON; `bytes` are a chunk of the picture or answer with that id.
 */
export const FRAME = { message: 0, bytes: 1 } as const;
type Kind = (typeof FRAME)[keyof typeof FRAME];

const HEAD = 9;

/** Messages are settings, headers and log lines. */
const MAX_MESSAGE = 4 * 1024 * 1024;

export function encodeHead(kind: Kind, id: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD);
  head.writeUInt8(kind, 0);
  head.writeUInt32LE(id, 1);
  head.writeUInt32LE(length, 5);
  return head;
}

export interface FrameListener {
  onMessage(text: string): void;
  /** A part of a frame: bytes are passed on as they arrive and never buffered here. Valid until this returns. */
  onBytes(id: number, part: Buffer): void;
}

/** Splits incoming chunks of any size into frames. */
export class FrameParser {
  readonly #listener: FrameListener;
  readonly #head = Buffer.alloc(HEAD);
  #headFilled = 0;
  #kind: number = FRAME.message;
  #id = 0;
  #left = 0;
  #text: Buffer[] = [];

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** @throws {Error} on an invalid stream */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#headFilled < HEAD) {
        const taken = chunk.copy(this.#head, this.#headFilled, at);
        this.#headFilled += taken;
        at += taken;
        if (this.#headFilled === HEAD) this.#open();
        continue;
      }
      const part = chunk.subarray(at, at + this.#left);
      at += part.length;
      this.#left -= part.length;
      if (this.#kind === FRAME.bytes) this.#listener.onBytes(this.#id, part);
      else this.#text.push(part);
      if (this.#left === 0) this.#close();
    }
  }

  #open(): void {
    this.#kind = this.#head.readUInt8(0);
    this.#id = this.#head.readUInt32LE(1);
    this.#left = this.#head.readUInt32LE(5);
    const known = this.#kind === FRAME.bytes || (this.#kind === FRAME.message && this.#left <= MAX_MESSAGE);
    if (!known) throw new Error('The pipe between the processes is out of sync.');
    if (this.#left === 0) this.#close();
  }

  #close(): void {
    this.#headFilled = 0;
    if (this.#kind === FRAME.bytes) return;
    const text = Buffer.concat(this.#text).toString();
    this.#text = [];
    this.#listener.onMessage(text);
  }
}
