import { damaged } from '../damage.ts';
import type { BitReader } from './bits.ts';

const MAX_LENGTH = 15;
/** Bits that are looked up at once; few codes are longer. */
const ROOT = 8;

/** Symbols by codes of up to 15 bits, canonical as in Deflate. */
export class PrefixCode {
  /** The only symbol of a code without bits, or -1. */
  readonly #only: number;
  /** Length (4 bits) and symbol by the next bits; 0 where the code is longer. */
  readonly #root: Uint16Array;
  readonly #counts = new Uint16Array(MAX_LENGTH + 1);
  readonly #symbols: Uint16Array;

  /** @param lengths of the codes by symbol @throws {AppError} TRUNCATED_IMAGE where they make no code */
  constructor(lengths: Uint8Array) {
    for (const length of lengths) this.#counts[length]!++;
    const used = lengths.length - this.#counts[0]!;
    this.#counts[0] = 0;
    this.#only = used === 1 ? lengths.findIndex((length) => length > 0) : -1;
    this.#symbols = new Uint16Array(this.#only < 0 ? used : 0);
    this.#root = new Uint16Array(this.#only < 0 ? 1 << ROOT : 0);
    if (this.#only < 0) this.#build(lengths);
  }

  #build(lengths: Uint8Array): void {
    const places = new Uint16Array(MAX_LENGTH + 2);
    let free = 1;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      free = 2 * free - this.#counts[length]!;
      if (free < 0) break;
      places[length + 1] = places[length]! + this.#counts[length]!;
    }
    if (free !== 0) throw damaged('its tables of codes make no sense');
    for (let symbol = 0; symbol < lengths.length; symbol++)
      if (lengths[symbol]! > 0) this.#symbols[places[lengths[symbol]!]!++] = symbol;
    let code = 0;
    let place = 0;
    for (let length = 1; length <= ROOT; length++, code *= 2) {
      for (let i = this.#counts[length]!; i > 0; i--, code++) {
        // Symbols go to 2,327, so that twelve bits hold them.
        const entry = (length << 12) | this.#symbols[place++]!;
        for (let at = reverse(code, length); at < 1 << ROOT; at += 1 << length) this.#root[at] = entry;
      }
    }
  }

  read(reader: BitReader): number {
    if (this.#only >= 0) return this.#only;
    const bits = reader.peek();
    const entry = this.#root[bits & ((1 << ROOT) - 1)]!;
    if (entry > 0) {
      reader.skip(entry >> 12);
      return entry & 0xfff;
    }
    let [code, first, place] = [0, 0, 0];
    for (let length = 1; length <= MAX_LENGTH; length++) {
      code |= (bits >> (length - 1)) & 1;
      const count = this.#counts[length]!;
      if (code - first < count) {
        reader.skip(length);
        return this.#symbols[place + code - first]!;
      }
      place += count;
      first = 2 * (first + count);
      code *= 2;
    }
    throw damaged('its pixels are damaged');
  }
}

function reverse(code: number, length: number): number {
  let out = 0;
  for (let i = 0; i < length; i++) out |= ((code >> i) & 1) << (length - 1 - i);
  return out;
}

/** Order of the lengths of the code for lengths (WebP Lossless Bitstream Specification, 6.2.1). */
const ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/** Symbols for repetitions: of the last length, of zeros; their extra bits and smallest counts. */
const REPEATS = [
  { bits: 2, least: 3 },
  { bits: 3, least: 3 },
  { bits: 7, least: 11 },
] as const;

/** A code as it is stored. @param symbols how many there are */
export function readPrefixCode(reader: BitReader, symbols: number): PrefixCode {
  const lengths = new Uint8Array(symbols);
  if (reader.number(1)) {
    const count = reader.number(1) + 1;
    const given = [reader.number(reader.number(1) ? 8 : 1), ...(count === 2 ? [reader.number(8)] : [])];
    for (const symbol of given) {
      if (symbol >= symbols) throw damaged('its tables of codes make no sense');
      lengths[symbol] = 1;
    }
    return new PrefixCode(lengths);
  }
  const small = new Uint8Array(ORDER.length);
  const count = reader.number(4) + 4;
  for (let i = 0; i < count; i++) small[ORDER[i]!] = reader.number(3);
  const code = new PrefixCode(small);
  let tokens = reader.number(1) ? 2 + reader.number(2 + 2 * reader.number(3)) : symbols;
  let last = 8;
  for (let symbol = 0; symbol < symbols && tokens-- > 0; ) {
    const token = code.read(reader);
    if (token < 16) {
      lengths[symbol++] = token;
      if (token > 0) last = token;
      continue;
    }
    const { bits, least } = REPEATS[token - 16]!;
    const times = least + reader.number(bits);
    if (symbol + times > symbols) throw damaged('its tables of codes make no sense');
    if (token === 16) lengths.fill(last, symbol, symbol + times);
    symbol += times;
  }
  return new PrefixCode(lengths);
}
