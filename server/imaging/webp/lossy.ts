import { damaged } from '../damage.ts';
import { ArithmeticReader } from './arithmetic.ts';
import { CHANGES, COEFFICIENTS, MODES } from './probabilities.ts';

/** Bytes that a part may have behind its last bit: libwebp leaves two to four. */
const MAX_LEFT = 8;

const KEY_FRAME_HEADER = 10;
const MAX_VERSION = 3;

/** Kinds of blocks of coefficients (RFC 6386, 13.3). */
const LUMA_AFTER_DC = 0;
const DC = 1;
const CHROMA = 2;
const LUMA = 3;

const BANDS = Uint8Array.of(0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0);
const TOKENS = 11;

/** Chances of the further bits of large coefficients (13.2). */
const LARGE = [
  [173, 148, 140],
  [176, 155, 140, 135],
  [180, 157, 141, 134, 130],
  [254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129],
].map((chances) => Uint8Array.from(chances));

/** Modes of blocks, in the order of the table; those of 16 x 16 stand for the first four. */
const [DC_MODE, TM_MODE, VERTICAL, HORIZONTAL] = [0, 1, 2, 3];
/** Tree of the modes of 4 x 4: pairs of the next pair, or of a mode as a negative number less one (11.2). */
const MODE_TREE = Int8Array.of(-1, 1, -2, 2, -3, 3, 4, 6, -4, 5, -5, -6, -7, 7, -8, 8, -9, -10);

/**
 * Follows the codes of a lossy picture through all its blocks, without computing a pixel. Where something was overwritten, the
 * decoder notices nothing, but in the end it has used more bytes or fewer than there are.
 * A coding that encoders do not use passes.
 * @throws {AppError} TRUNCATED_IMAGE
 */
export function checkLossy(bytes: Buffer, start: number, end: number): void {
  if (end - start < KEY_FRAME_HEADER) throw damaged('its pixels are missing');
  const tag = bytes.readUIntLE(start, 3);
  if (tag & 1 || ((tag >> 1) & 7) > MAX_VERSION || bytes.readUIntBE(start + 3, 3) !== 0x9d012a) return;
  const [width, height] = [bytes.readUInt16LE(start + 6) & 0x3fff, bytes.readUInt16LE(start + 8) & 0x3fff];
  const first = start + KEY_FRAME_HEADER;
  const firstEnd = first + (tag >> 5);
  if (firstEnd > end) throw damaged('its pixels end too early');
  const header = new ArithmeticReader(bytes, first, firstEnd);
  const frame = readFrameHeader(header);
  const parts = openParts(bytes, firstEnd, end, frame.parts);
  new Follower(header, parts, frame, (width + 15) >> 4).run((height + 15) >> 4);
  for (const part of [header, ...parts])
    if (part.left < 0 || part.left > MAX_LEFT) throw damaged('its pixels are damaged');
}

interface FrameHeader {
  /** Chances of the three bits that name a block's segment; null where blocks do not say it. */
  segments: number[] | null;
  /** How many parts the coefficients are in. */
  parts: number;
  coefficients: Uint8Array;
  /** Chance that a block has coefficients; null where blocks do not say it. */
  filled: number | null;
}

/** RFC 6386, 9.2 to 9.11 and 19.2. */
function readFrameHeader(reader: ArithmeticReader): FrameHeader {
  const flag = () => reader.bit(128) === 1;
  const skipOptional = (count: number, bits: number) => {
    for (let i = 0; i < count; i++) if (flag()) reader.number(bits + 1);
  };
  reader.number(2);
  let segments: number[] | null = null;
  if (flag()) {
    const hasMap = flag();
    if (flag()) {
      flag();
      skipOptional(4, 7);
      skipOptional(4, 6);
    }
    if (hasMap) segments = Array.from({ length: 3 }, () => (flag() ? reader.number(8) : 255));
  }
  reader.number(10);
  if (flag() && flag()) skipOptional(8, 6);
  const parts = 1 << reader.number(2);
  reader.number(7);
  skipOptional(5, 4);
  flag();
  const coefficients = Uint8Array.from(COEFFICIENTS);
  for (let i = 0; i < coefficients.length; i++) if (reader.bit(CHANGES[i]!)) coefficients[i] = reader.number(8);
  return { segments, parts, coefficients, filled: flag() ? reader.number(8) : null };
}

/** Their lengths in three bytes each, of all but the last. */
function openParts(bytes: Buffer, start: number, end: number, count: number): ArithmeticReader[] {
  let at = start + 3 * (count - 1);
  if (at > end) throw damaged('its pixels end too early');
  return Array.from({ length: count }, (_, i) => {
    const partEnd = i === count - 1 ? end : at + bytes.readUIntLE(start + 3 * i, 3);
    if (partEnd > end) throw damaged('its pixels end too early');
    const part = new ArithmeticReader(bytes, at, partEnd);
    at = partEnd;
    return part;
  });
}

class Follower {
  readonly #modes: ArithmeticReader;
  readonly #parts: readonly ArithmeticReader[];
  readonly #frame: FrameHeader;
  readonly #columns: number;
  /** Of the blocks of 4 x 4 above and left of the next: modes, and whether they have coefficients (4 luma, 2 and 2 color, DC). */
  readonly #modesAbove: Uint8Array;
  readonly #modesLeft = new Uint8Array(4);
  readonly #above: Uint8Array;
  readonly #left = new Uint8Array(9);

  constructor(modes: ArithmeticReader, parts: readonly ArithmeticReader[], frame: FrameHeader, columns: number) {
    this.#modes = modes;
    this.#parts = parts;
    this.#frame = frame;
    this.#columns = columns;
    this.#modesAbove = new Uint8Array(4 * columns);
    this.#above = new Uint8Array(9 * columns);
  }

  run(rows: number): void {
    for (let row = 0; row < rows; row++) {
      const part = this.#parts[row & (this.#parts.length - 1)]!;
      this.#left.fill(0);
      this.#modesLeft.fill(DC_MODE!);
      for (let column = 0; column < this.#columns; column++) this.#followBlock(part, column);
      if (part.left < 0 || this.#modes.left < 0) throw damaged('its pixels end too early');
    }
  }

  #followBlock(part: ArithmeticReader, column: number): void {
    const modes = this.#modes;
    const { segments, filled } = this.#frame;
    if (segments) modes.bit(modes.bit(segments[0]!) ? segments[2]! : segments[1]!);
    const isEmpty = filled !== null && modes.bit(filled) === 1;
    const isWhole = modes.bit(145) === 1;
    if (isWhole) this.#followWholeMode(column);
    else this.#followSmallModes(column);
    // Mode of the colors.
    if (modes.bit(142) && modes.bit(114)) modes.bit(183);
    if (!isEmpty) this.#followCoefficients(part, column, isWhole);
    else {
      const count = isWhole ? 9 : 8;
      this.#left.fill(0, 0, count);
      this.#above.fill(0, 9 * column, 9 * column + count);
    }
  }

  #followWholeMode(column: number): void {
    const modes = this.#modes;
    const mode = modes.bit(156) ? (modes.bit(128) ? TM_MODE! : HORIZONTAL!) : modes.bit(163) ? VERTICAL! : DC_MODE!;
    this.#modesAbove.fill(mode, 4 * column, 4 * column + 4);
    this.#modesLeft.fill(mode);
  }

  #followSmallModes(column: number): void {
    const above = this.#modesAbove;
    for (let y = 0; y < 4; y++) {
      let mode = this.#modesLeft[y]!;
      for (let x = 4 * column; x < 4 * column + 4; x++) {
        const chances = 9 * (10 * above[x]! + mode);
        let node = MODE_TREE[this.#modes.bit(MODES[chances]!)]!;
        while (node > 0) node = MODE_TREE[2 * node + this.#modes.bit(MODES[chances + node]!)]!;
        mode = -node - 1;
        above[x] = mode;
      }
      this.#modesLeft[y] = mode;
    }
  }

  #followCoefficients(part: ArithmeticReader, column: number, isWhole: boolean): void {
    const [above, left, from] = [this.#above, this.#left, 9 * column];
    if (isWhole) {
      const has = this.#followPlane(part, DC, above[from + 8]! + left[8]!, 0) > 0 ? 1 : 0;
      above[from + 8] = left[8] = has;
    }
    const [kind, first] = isWhole ? [LUMA_AFTER_DC, 1] : [LUMA, 0];
    this.#followSquare(part, kind, first, 4, 0, from);
    this.#followSquare(part, CHROMA, 0, 2, 4, from);
    this.#followSquare(part, CHROMA, 0, 2, 6, from);
  }

  #followSquare(part: ArithmeticReader, kind: number, first: number, side: number, place: number, from: number): void {
    const [above, left] = [this.#above, this.#left];
    for (let y = place; y < place + side; y++) {
      for (let x = place; x < place + side; x++) {
        const has = this.#followPlane(part, kind, above[from + x]! + left[y]!, first) > first ? 1 : 0;
        above[from + x] = left[y] = has;
      }
    }
  }

  /** Sixteen coefficients from `first` on (13.2, 13.3). @returns the place behind the last that is not zero */
  #followPlane(part: ArithmeticReader, kind: number, context: number, first: number): number {
    const chances = this.#frame.coefficients;
    let at = TOKENS * (3 * (8 * kind + BANDS[first]!) + context);
    for (let n = first; n < 16; ) {
      if (!part.bit(chances[at]!)) return n;
      while (!part.bit(chances[at + 1]!)) {
        if (++n === 16) return 16;
        at = TOKENS * 3 * (8 * kind + BANDS[n]!);
      }
      const size = part.bit(chances[at + 2]!) ? 2 : 1;
      if (size === 2) followLarge(part, chances, at);
      part.bit(128);
      n++;
      at = TOKENS * (3 * (8 * kind + BANDS[n]!) + size);
    }
    return 16;
  }
}

/** A coefficient of two and more. */
function followLarge(part: ArithmeticReader, chances: Uint8Array, at: number): void {
  if (!part.bit(chances[at + 3]!)) {
    if (part.bit(chances[at + 4]!)) part.bit(chances[at + 5]!);
  } else if (!part.bit(chances[at + 6]!)) {
    if (!part.bit(chances[at + 7]!)) part.bit(159);
    else {
      part.bit(165);
      part.bit(145);
    }
  } else {
    const high = part.bit(chances[at + 8]!);
    const low = part.bit(chances[at + 9 + high]!);
    for (const chance of LARGE[2 * high + low]!) part.bit(chance);
  }
}
