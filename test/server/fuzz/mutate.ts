/** Picks and changes at random, the same for the same source of numbers. */
export class Mutator {
  readonly #random: () => number;

  /** @param random numbers in 0..1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  /** Flips, overwrites, cuts, doubles and fills a few places, and puts numbers there that lengths and counts should not be. */
  mutate(bytes: Buffer): Buffer {
    let out = Buffer.from(bytes);
    for (let i = 1 + this.below(4); i > 0; i--) {
      const at = this.below(out.length);
      const many = 1 + this.below(16);
      switch (this.below(7)) {
        case 0:
          out[at]! ^= 1 << this.below(8);
          break;
        case 1:
          out[at] = this.pick([0, 1, 0x7f, 0x80, 0xff]);
          break;
        case 2:
          out = Buffer.from(out.subarray(0, Math.max(13, at)));
          break;
        case 3:
          out = Buffer.concat([out.subarray(0, at), out.subarray(Math.max(0, at - many))]);
          break;
        case 4:
          out.fill(this.pick([0, 0xff]), at, Math.min(out.length, at + many));
          break;
        case 5:
          this.#putNumber(out, at);
          break;
        default:
          out = Buffer.concat([out.subarray(0, at), this.bytes(many), out.subarray(at)]);
      }
    }
    return out;
  }

  #putNumber(out: Buffer, at: number): void {
    const number = Buffer.alloc(this.pick([2, 4, 8]));
    const value = this.pick([0, 1, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0xffffffff, out.length, at, at + 1]);
    if (number.length === 2) number.writeUInt16BE(value & 0xffff);
    else number.writeUInt32BE(value, number.length - 4);
    if (this.below(2)) number.reverse();
    number.copy(out, at);
  }

  /** Puts what means something to a parser of HTTP in a few places before `end`. */
  disturb(text: string, end: number): Buffer {
    const out = Buffer.from(text);
    const oddities = [0, 9, 10, 13, 32, 34, 37, 38, 44, 47, 58, 59, 61, 63, 91, 127, 128, 255, 48, 57, 45];
    for (let i = 1 + this.below(3); i > 0; i--) out[this.below(end)] = this.pick(oddities);
    return out;
  }
}
