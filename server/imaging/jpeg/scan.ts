import { damaged } from '../damage.ts';
import { AHEAD, acStep, acSteps, type Codes, dcStep, dcSteps, STEP, ZEROS } from './codes.ts';

export interface Component {
  id: number;
  across: number;
  down: number;
}

export interface Frame {
  width: number;
  height: number;
  components: Component[];
}

/** A component of a scan, with the tables that its blocks are coded with. */
export interface Part {
  component: Component;
  dc: Codes;
  ac: Codes;
}

/**
 * Bytes between the last block and the next marker that may be there: encoders pad with one or two, and fill with equal
 * bytes as far as they like. What is overwritten in the middle leaves others.
 */
const PADDING = 2;

/** Bytes that are looked at together, small enough for the processor's cache. */
const WINDOW = 1 << 17;

/** More than the longest unit: 64 blocks of 64 codes of 31 bits, and what a look-up reads ahead. */
const UNIT = 16 * 1024;

interface Steps {
  blocks: number;
  dc: Uint16Array;
  ac: Uint16Array;
  dcCodes: Codes;
  acCodes: Codes;
}

/**
 * Follows the codes of one scan through all its blocks, without computing a pixel.
 * @returns where the next segment begins
 * @throws {AppError} TRUNCATED_IMAGE
 */
export function checkScan(bytes: Buffer, at: number, frame: Frame, interval: number, parts: readonly Part[]): number {
  const across = Math.max(...frame.components.map((c) => c.across));
  const down = Math.max(...frame.components.map((c) => c.down));
  const [only] = parts;
  // T.81 A.2: a scan of one component has its blocks in a row, others have them unit by unit.
  const isSingle = parts.length === 1;
  const unitWidth = isSingle ? (8 * across) / only!.component.across : 8 * across;
  const unitHeight = isSingle ? (8 * down) / only!.component.down : 8 * down;
  const units = Math.ceil(frame.width / unitWidth) * Math.ceil(frame.height / unitHeight);
  const known = new Map<Codes, Uint16Array>();
  const steps = parts.map(({ component, dc, ac }): Steps => {
    if (!known.has(ac)) known.set(ac, acSteps(ac));
    const blocks = isSingle ? 1 : component.across * component.down;
    return { blocks, dc: dcSteps(dc), ac: known.get(ac)!, dcCodes: dc, acCodes: ac };
  });
  const walk = new Walk(bytes, at, steps);
  for (let unit = 0; unit < units; ) {
    const wanted = interval ? Math.min(units, unit + interval) : units;
    const isFine = walk.restart(unit, interval);
    const reached = isFine ? walk.follow(unit, wanted) : unit;
    if (reached < wanted || !walk.isOver()) {
      const percent = Math.floor((100 * Math.min(reached, units - 1)) / units);
      throw damaged(`its pixels are damaged, at the latest ${percent} % of the way down`);
    }
    unit = wanted;
  }
  return walk.at;
}

class Walk {
  /** Of the file: where what is not yet in the window begins. */
  at: number;
  readonly #bytes: Buffer;
  readonly #steps: readonly Steps[];
  /** Coded data without the zeros behind 0xff, and zeros behind the end. */
  readonly #window = Buffer.alloc(WINDOW + UNIT);
  readonly #view = new DataView(this.#window.buffer, this.#window.byteOffset);
  /** Bytes in the window, and the bit that comes next. */
  #length = 0;
  #bit = 0;

  constructor(bytes: Buffer, at: number, steps: readonly Steps[]) {
    this.#bytes = bytes;
    this.at = at;
    this.#steps = steps;
  }

  /** Begins an interval. @returns false where the marker is not there that must stand before it */
  restart(unit: number, interval: number): boolean {
    this.#length = 0;
    this.#bit = 0;
    if (unit === 0) return true;
    const bytes = this.#bytes;
    while (bytes[this.at] === 0xff && bytes[this.at + 1] === 0xff) this.at++;
    const number = (unit / interval - 1) & 7;
    if (bytes[this.at] !== 0xff || bytes[this.at + 1] !== 0xd0 + number) return false;
    this.at += 2;
    return true;
  }

  /** @returns the unit whose codes make no sense or are not there, or `end` */
  follow(unit: number, end: number): number {
    for (; unit < end; unit++) {
      if (8 * (this.#length - UNIT) < this.#bit) this.#fill();
      let bit = this.#bit;
      for (const steps of this.#steps) {
        for (let i = steps.blocks; i > 0 && bit >= 0; i--) bit = followBlock(this.#view, bit, steps);
      }
      if (bit < 0 || bit > 8 * this.#length) return unit;
      this.#bit = bit;
    }
    return end;
  }

  /** Whether nothing but padding is left up to the next marker. */
  isOver(): boolean {
    this.#fill();
    const left = this.#window.subarray((this.#bit + 7) >> 3, this.#length);
    const isEnd = this.#isMarker();
    const start = this.at;
    while (this.at < this.#bytes.length && !this.#isMarker()) this.at++;
    if (isEnd && left.length <= PADDING) return true;
    const [first] = left;
    return [left, this.#bytes.subarray(start, this.at)].every((part) => part.every((byte) => byte === first));
  }

  /** Moves what is left to the front and adds what follows, up to a marker or the end of the file. */
  #fill(): void {
    const window = this.#window;
    const bytes = this.#bytes;
    const done = this.#bit >> 3;
    window.copy(window, 0, done, this.#length);
    this.#bit -= 8 * done;
    let length = this.#length - done;
    let at = this.at;
    while (length < WINDOW && at < bytes.length) {
      const byte = bytes[at]!;
      if (byte === 0xff && bytes[at + 1] !== 0) break;
      window[length++] = byte;
      at += byte === 0xff ? 2 : 1;
    }
    window.fill(0, length, length + UNIT);
    this.#length = length;
    this.at = at;
  }

  #isMarker(): boolean {
    return this.#bytes[this.at] === 0xff && this.#bytes[this.at + 1] !== 0;
  }
}

/** @returns the bit behind the block, or -1 where no code fits (T.81 F.2.2) */
function followBlock(view: DataView, bit: number, { dc, ac, dcCodes, acCodes }: Steps): number {
  const first = (view.getUint32(bit >>> 3) << (bit & 7)) >>> 16;
  const size = dc[first >> (16 - AHEAD)]! || dcStep(dcCodes[first]!);
  if (size === 0) return -1;
  bit += size;
  for (let k = 1; ; ) {
    const next = (view.getUint32(bit >>> 3) << (bit & 7)) >>> 16;
    let step = ac[next >> (16 - AHEAD)]!;
    // What follows the last coefficient belongs to the next block.
    if (step === 0 || k + ((step >> STEP.passes) & STEP.mask) >= 64) step = acStep(acCodes[next]!);
    if (step === 0) return -1;
    k += (step >> STEP.passes) & STEP.mask;
    bit += step & STEP.bits;
    if (step & STEP.ends) return bit;
    // Decoders let sixteen zeros reach beyond the end.
    if (k >= 64) return k === 64 || (acCodes[next]! & 0xff) === ZEROS ? bit : -1;
  }
}
