import type { FileHandle } from 'node:fs/promises';
import { damaged } from '../damage.ts';

/** Bytes that can be read anywhere, so that a document of gigabytes is never in memory as a whole. */
export interface ByteSource {
  readonly length: number;
  /** @throws {AppError} TRUNCATED_IMAGE when they lie beyond the end */
  read(at: number, length: number): Promise<Buffer>;
}

/** A part of a source. */
export interface Span {
  start: number;
  end: number;
}

/** Where a length stands, and how many bytes it takes. */
export interface LengthField {
  at: number;
  bytes: 4 | 8;
}

export function bufferSource(bytes: Buffer): ByteSource {
  return {
    length: bytes.length,
    async read(at, length) {
      checkInside(bytes.length, at, length);
      return bytes.subarray(at, at + length);
    },
  };
}

/** @param length of the file, as found when it was opened */
export function fileSource(file: FileHandle, length: number): ByteSource {
  return {
    length,
    async read(at, wanted) {
      checkInside(length, at, wanted);
      const bytes = Buffer.allocUnsafeSlow(wanted);
      for (let done = 0; done < wanted; ) {
        const { bytesRead } = await file.read(bytes, done, wanted - done, at + done);
        if (bytesRead === 0) throw damaged('the file became shorter while it was read');
        done += bytesRead;
      }
      return bytes;
    },
  };
}

function checkInside(length: number, at: number, wanted: number): void {
  if (!(at >= 0 && wanted >= 0 && at + wanted <= length)) throw damaged('it ends too early');
}

/** Bytes that are fetched at a time. */
const WINDOW = 1 << 16;

/** Reads small structures one after the other; never leaves its span. Numbers are big-endian. */
export class Cursor {
  readonly #source: ByteSource;
  readonly #isLarge: boolean;
  readonly end: number;
  at: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  /** @param isLarge whether the lengths that the large document format (PSB) widens take 8 bytes */
  constructor(source: ByteSource, { start, end }: Span, isLarge: boolean) {
    if (start > end || end > source.length) throw damaged('a length in it is wrong');
    this.#source = source;
    this.#isLarge = isLarge;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Valid for as long as the caller likes; not to be written to. */
  async take(length: number): Promise<Buffer> {
    if (length > this.left) throw damaged('a length in it is wrong');
    const at = this.at;
    this.at += length;
    if (length > WINDOW) return this.#source.read(at, length);
    if (at < this.#windowAt || at + length > this.#windowAt + this.#window.length) {
      this.#windowAt = at;
      this.#window = await this.#source.read(at, Math.min(WINDOW, this.end - at));
    }
    return this.#window.subarray(at - this.#windowAt, at - this.#windowAt + length);
  }

  async skip(length: number): Promise<void> {
    if (length > this.left) throw damaged('a length in it is wrong');
    this.at += length;
  }

  u8 = async () => (await this.take(1)).readUInt8();
  u16 = async () => (await this.take(2)).readUInt16BE();
  i16 = async () => (await this.take(2)).readInt16BE();
  u32 = async () => (await this.take(4)).readUInt32BE();
  i32 = async () => (await this.take(4)).readInt32BE();
  key = async () => (await this.take(4)).toString('latin1');

  /** A length of 4 bytes, or of 8 in a large document. */
  async size(isWide = this.#isLarge): Promise<number> {
    return isWide ? Number((await this.take(8)).readBigUInt64BE()) : this.u32();
  }

  /** What follows, as long as it says; the cursor moves behind it. */
  async span(length: number): Promise<Span> {
    const start = this.at;
    await this.skip(length);
    return { start, end: start + length };
  }
}
