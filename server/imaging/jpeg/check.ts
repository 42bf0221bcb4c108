import { damaged } from '../damage.ts';
import { isFrame, MARKER, readSegments, type Segment } from './segments.ts';

/** What was found out about a file without decoding its pixels. */
export type Verdict =
  /** Every block of every scan is there. */
  | 'whole'
  /** A kind of coding that is not followed here: the decoder's own warnings must do. */
  | 'unknown';

interface Component {
  id: number;
  across: number;
  down: number;
}

interface Frame {
  width: number;
  height: number;
  components: Component[];
}

/**
 * Bytes between the last block and the next marker that may be there: encoders pad with one or two, and fill with equal
 * bytes as far as they like. What is overwritten in the middle leaves others.
 */
const PADDING = 2;

/**
 * Follows the codes of a baseline file through all its blocks (ITU T.81 annex F.2.2, G.1 not), without computing a pixel:
 * decoders paint over damage and say little. A missing end marker, bytes behind it and bytes between segments cost no
 * pixels and pass.
 * @throws {AppError} TRUNCATED_IMAGE
 */
export function checkJpeg(bytes: Buffer): Verdict {
  const tables = new Map<number, Uint16Array>();
  let frame: Frame | null = null;
  let interval = 0;
  let covered = 0;
  for (let at = 2; ; ) {
    let scan: Segment | null = null;
    for (const segment of readSegments(bytes, at)) {
      const { marker, start, end } = segment;
      if (marker === MARKER.eoi || end > bytes.length) break;
      if (marker === MARKER.dht) readTables(bytes.subarray(start, end), tables);
      else if (marker === MARKER.dri) interval = bytes.readUInt16BE(start);
      else if (marker === MARKER.sos) scan = segment;
      else if (isFrame(marker)) {
        if (marker !== MARKER.sof0 && marker !== MARKER.sof1) return 'unknown';
        frame = readFrame(bytes.subarray(start, end));
        if (!frame) return 'unknown';
      }
    }
    if (!scan) break;
    if (!frame) return 'unknown';
    const count = bytes[scan.start]!;
    if (scan.end - scan.start < 4 + 2 * count) return 'unknown';
    const parts = Array.from({ length: count }, (_, i) => {
      const place = scan.start + 1 + 2 * i;
      const component = frame!.components.find(({ id }) => id === bytes[place]);
      const dc = tables.get(bytes[place + 1]! >> 4);
      const ac = tables.get(16 + (bytes[place + 1]! & 15));
      return component && dc && ac ? { component, dc, ac } : null;
    });
    if (parts.includes(null)) return 'unknown';
    at = new ScanWalk(bytes, scan.end, frame, interval).walk(parts as Part[]);
    covered += count;
  }
  if (!frame || covered < frame.components.length) throw damaged('its pixels are missing');
  return 'whole';
}

/** Precision of 8 bits only: the older coders of 12 are read by nothing around. */
function readFrame(data: Buffer): Frame | null {
  if (data.length < 6 || data[0] !== 8 || data.length < 6 + 3 * data[5]!) return null;
  const components = Array.from({ length: data[5]! }, (_, i) => {
    const [id, sampling] = [data[6 + 3 * i]!, data[7 + 3 * i]!];
    return { id, across: sampling >> 4, down: sampling & 15 };
  });
  const height = data.readUInt16BE(1);
  const isFine = components.every(({ across, down }) => across >= 1 && across <= 4 && down >= 1 && down <= 4);
  // A height of 0 is given later, by a DNL segment; nothing writes that.
  return isFine && height > 0 ? { width: data.readUInt16BE(3), height, components } : null;
}

/** Each table as a look-up by the next 16 bits: length << 8 | value; 0 where no code begins so (T.81 annex C). */
function readTables(data: Buffer, tables: Map<number, Uint16Array>): void {
  for (let at = 0; at + 17 <= data.length; ) {
    const table = new Uint16Array(65536);
    let value = at + 17;
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      for (let i = data[at + length]!; i > 0 && value < data.length; i--) {
        const first = code << (16 - length);
        if (first < 65536) table.fill((length << 8) | data[value]!, first, first + (1 << (16 - length)));
        value++;
        code++;
      }
      code <<= 1;
    }
    tables.set(data[at]! & 0x1f, table);
    at = value;
  }
}

interface Part {
  component: Component;
  dc: Uint16Array;
  ac: Uint16Array;
}

/** The coded blocks of one scan. */
class ScanWalk {
  readonly #bytes: Buffer;
  readonly #frame: Frame;
  readonly #interval: number;
  #at: number;
  #bits = 0;
  #held = 0;
  /** Zero bits that were lent after the data had ended. */
  #lent = 0;

  constructor(bytes: Buffer, at: number, frame: Frame, interval: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#frame = frame;
    this.#interval = interval;
  }

  /** @returns where the next segment begins */
  walk(parts: readonly Part[]): number {
    const { width, height, components } = this.#frame;
    const across = Math.max(...components.map((c) => c.across));
    const down = Math.max(...components.map((c) => c.down));
    const [only] = parts;
    // T.81 A.2: a scan of one component has its blocks in a row, others have them unit by unit.
    const isSingle = parts.length === 1;
    const unitWidth = isSingle ? (8 * across) / only!.component.across : 8 * across;
    const unitHeight = isSingle ? (8 * down) / only!.component.down : 8 * down;
    const columns = Math.ceil(width / unitWidth);
    const rows = Math.ceil(height / unitHeight);
    const units = columns * rows;
    for (let unit = 0; unit < units; unit++) {
      if (this.#interval && unit > 0 && unit % this.#interval === 0)
        this.#restart(unit / this.#interval - 1, unit, columns, rows);
      for (const { component, dc, ac } of parts) {
        const blocks = isSingle ? 1 : component.across * component.down;
        for (let i = 0; i < blocks; i++) if (!this.#block(dc, ac)) this.#complain(unit, columns, rows);
      }
      if (this.#lent > this.#held) this.#complain(unit, columns, rows);
    }
    this.#checkEnd(units - 1, columns, rows);
    return this.#at;
  }

  /** @returns false where no code fits */
  #block(dc: Uint16Array, ac: Uint16Array): boolean {
    const size = this.#symbol(dc);
    if (size < 0 || size > 11) return false;
    this.#skip(size);
    for (let k = 1; k < 64; k++) {
      const symbol = this.#symbol(ac);
      if (symbol < 0) return false;
      const length = symbol & 15;
      if (length === 0) {
        if (symbol !== 0xf0) return true;
        k += 15;
      } else {
        k += symbol >> 4;
        if (k > 63) return false;
        this.#skip(length);
      }
    }
    return true;
  }

  #symbol(table: Uint16Array): number {
    if (this.#held < 16) this.#fill();
    const found = table[(this.#bits >>> (this.#held - 16)) & 0xffff]!;
    if (found === 0) return -1;
    this.#held -= found >> 8;
    return found & 0xff;
  }

  #skip(count: number): void {
    if (this.#held < count) this.#fill();
    this.#held -= count;
  }

  /** To at least 17 bits. At a marker zeros are lent; who uses one of them has run out of data. */
  #fill(): void {
    const bytes = this.#bytes;
    while (this.#held <= 16) {
      const byte = bytes[this.#at];
      if (byte === undefined || (byte === 0xff && bytes[this.#at + 1] !== 0)) {
        this.#bits <<= 8;
        this.#lent += 8;
      } else {
        this.#bits = (this.#bits << 8) | byte;
        this.#at += byte === 0xff ? 2 : 1;
      }
      this.#held += 8;
    }
  }

  #restart(number: number, unit: number, columns: number, rows: number): void {
    this.#checkEnd(unit, columns, rows);
    while (this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === 0xff) this.#at++;
    if (this.#bytes[this.#at] !== 0xff || this.#bytes[this.#at + 1] !== 0xd0 + (number & 7))
      this.#complain(unit, columns, rows);
    this.#at += 2;
    this.#bits = 0;
    this.#held = 0;
    this.#lent = 0;
  }

  /** What the blocks have left over up to the next marker. */
  #checkEnd(unit: number, columns: number, rows: number): void {
    if (this.#lent > this.#held) this.#complain(unit, columns, rows);
    const bytes = this.#bytes;
    const unread = (this.#held - this.#lent) >> 3;
    const start = this.#at;
    while (this.#at < bytes.length && !(bytes[this.#at] === 0xff && bytes[this.#at + 1] !== 0)) this.#at++;
    const left = bytes.subarray(start, this.#at);
    if (left.length + unread <= PADDING || left.every((byte) => byte === left[0])) return;
    this.#complain(unit, columns, rows);
  }

  #complain(unit: number, columns: number, rows: number): never {
    const percent = Math.floor((100 * unit) / (columns * rows));
    throw damaged(`its pixels are damaged, at the latest ${percent} % of the way down`);
  }
}
