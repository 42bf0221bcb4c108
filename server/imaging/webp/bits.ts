/** Reads numbers from the lowest bit up (WebP Lossless Bitstream Specification, 2). Behind the end it reads zeros. */
export class BitReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #value = 0;
  #count = 0;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The next bits, which stay; at most 16. */
  peek(): number {
    while (this.#count < 16) {
      this.#value |= (this.#at < this.#end ? this.#bytes[this.#at]! : 0) << this.#count;
      this.#at++;
      this.#count += 8;
    }
    return this.#value;
  }

  skip(bits: number): void {
    this.#value >>>= bits;
    this.#count -= bits;
  }

  /** @param bits at most 16 */
  number(bits: number): number {
    const value = this.peek() & ((1 << bits) - 1);
    this.skip(bits);
    return value;
  }

  /** Bytes that nothing has been read of; negative behind the end. */
  get left(): number {
    return this.#end - this.#at + (this.#count >> 3);
  }
}
