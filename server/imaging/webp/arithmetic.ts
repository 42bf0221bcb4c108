/** Reads single bits of given chances (RFC 6386, 7). Behind the end it reads zeros. */
export class ArithmeticReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #range = 255;
  #value = 0;
  /** Bits of the value below its highest eight, which are compared; negative when more must be read. */
  #spare = -8;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** @param chance of a zero, of 256 */
  bit(chance: number): 0 | 1 {
    while (this.#spare < 0) {
      this.#value = (this.#value << 8) | (this.#at < this.#end ? this.#bytes[this.#at]! : 0);
      this.#at++;
      this.#spare += 8;
    }
    const split = 1 + (((this.#range - 1) * chance) >> 8);
    const limit = split << this.#spare;
    const isOne = this.#value >= limit;
    if (isOne) {
      this.#value -= limit;
      this.#range -= split;
    } else this.#range = split;
    const shift = Math.clz32(this.#range) - 24;
    this.#range <<= shift;
    this.#spare -= shift;
    return isOne ? 1 : 0;
  }

  number(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) value = 2 * value + this.bit(128);
    return value;
  }

  /** Bytes between what has been used and the end; negative behind it. */
  get left(): number {
    return this.#end - this.#at + (this.#spare + 8) / 8;
  }
}
