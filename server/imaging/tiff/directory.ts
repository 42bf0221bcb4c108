import { damaged } from '../damage.ts';

/** Tags by number (TIFF 6.0; TIFF Technical Note 1; Exif 2.32 4.6; ICC.1 annex B.4; XMP part 3; IPTC; Photoshop). */
export const TAG = {
  newSubfileType: 254,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  planar: 284,
  resolutionUnit: 296,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subDirectories: 330,
  extraSamples: 338,
  sampleFormat: 339,
  previewOffset: 513,
  previewBytes: 514,
  xmp: 700,
  iptc: 33723,
  photoshop: 34377,
  exif: 34665,
  profile: 34675,
  gps: 34853,
} as const;

/** Bytes of one value by field type (TIFF 6.0 section 2, BigTIFF). */
export const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/** Far more than any real file has; a hostile one must not make a long walk of it. */
const MAX_PAGES = 64;
const MAX_ENTRIES = 4096;
const MAX_NUMBERS = 2_000_000;

export interface Entry {
  tag: number;
  type: number;
  count: number;
  /** Where its values lie in the file. */
  at: number;
  /** Length of the values. */
  bytes: number;
}

/** One image file directory. Values are read only when asked for; nothing is trusted beyond the end of the file. */
export class Directory {
  readonly entries: ReadonlyMap<number, Entry>;
  readonly #file: TiffFile;

  constructor(file: TiffFile, entries: ReadonlyMap<number, Entry>) {
    this.#file = file;
    this.entries = entries;
  }

  /** The first value of a tag, or the fallback where the tag is missing or is no number. */
  number(tag: number, fallback: number): number {
    return this.numbers(tag, 1)[0] ?? fallback;
  }

  /** @returns as many values as there are, at most `limit`; none where they lie beyond the end of the file. */
  numbers(tag: number, limit = MAX_NUMBERS): number[] {
    const entry = this.entries.get(tag);
    if (!entry || !this.#file.holds(entry.at, entry.bytes)) return [];
    const count = Math.min(entry.count, limit);
    const size = TYPE_BYTES[entry.type]!;
    return Array.from({ length: count }, (_, i) => this.#file.value(entry.type, entry.at + i * size));
  }

  /** The bytes of a tag, or null where it is missing or they lie beyond the end of the file. */
  bytes(tag: number): Buffer | null {
    const entry = this.entries.get(tag);
    if (!entry || !this.#file.holds(entry.at, entry.bytes)) return null;
    return this.#file.bytes.subarray(entry.at, entry.at + entry.bytes);
  }

  /** Of Exif, GPS and sub-images: the directories that a tag points to, those that can be read. */
  children(tag: number): Directory[] {
    return this.numbers(tag, MAX_PAGES).flatMap((at) => this.#file.directoryAt(at)?.directory ?? []);
  }
}

/** A TIFF or BigTIFF file in either byte order, or the block of Exif that is built like one. */
export class TiffFile {
  readonly bytes: Buffer;
  readonly isLittle: boolean;
  readonly isBig: boolean;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.isLittle = bytes[0] === 0x49;
    this.isBig = this.#u16(2) === 43;
  }

  /**
   * The directories in the file's order. A chain that runs in a circle or out of the file ends there.
   * @throws {AppError} TRUNCATED_IMAGE where not even the first can be read
   */
  pages(): Directory[] {
    const pages: Directory[] = [];
    const seen = new Set<number>();
    let at = this.holds(0, this.isBig ? 16 : 8) ? this.#offset(this.isBig ? 8 : 4) : 0;
    while (at !== 0 && !seen.has(at) && pages.length < MAX_PAGES) {
      seen.add(at);
      const found = this.directoryAt(at);
      if (!found) break;
      pages.push(found.directory);
      at = found.next;
    }
    if (pages.length === 0) throw damaged('its directory lies beyond the end of the file');
    return pages;
  }

  directoryAt(at: number): { directory: Directory; next: number } | null {
    const [head, size] = this.isBig ? [8, 20] : [2, 12];
    if (!this.holds(at, head)) return null;
    const count = this.isBig ? this.#u64(at) : this.#u16(at);
    if (count === 0 || count > MAX_ENTRIES || !this.holds(at + head, count * size)) return null;
    const entries = new Map<number, Entry>();
    for (let i = 0; i < count; i++) {
      const entry = this.#entry(at + head + i * size);
      if (entry && !entries.has(entry.tag)) entries.set(entry.tag, entry);
    }
    const end = at + head + count * size;
    const next = this.holds(end, this.isBig ? 8 : 4) ? this.#offset(end) : 0;
    return { directory: new Directory(this, entries), next };
  }

  holds(at: number, bytes: number): boolean {
    return at >= 0 && bytes >= 0 && at + bytes <= this.bytes.length;
  }

  /** One value of a field type; signed, rational and floating ones too. */
  value(type: number, at: number): number {
    const { bytes, isLittle } = this;
    switch (type) {
      case 3:
        return this.#u16(at);
      case 4:
      case 13:
        return this.#u32(at);
      case 5:
        return this.#u32(at) / this.#u32(at + 4);
      case 6:
        return bytes.readInt8(at);
      case 8:
        return isLittle ? bytes.readInt16LE(at) : bytes.readInt16BE(at);
      case 9:
        return isLittle ? bytes.readInt32LE(at) : bytes.readInt32BE(at);
      case 11:
        return isLittle ? bytes.readFloatLE(at) : bytes.readFloatBE(at);
      case 12:
        return isLittle ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at);
      case 16:
      case 18:
        return this.#u64(at);
      default:
        return bytes[at]!;
    }
  }

  #entry(at: number): Entry | null {
    const type = this.#u16(at + 2);
    const size = TYPE_BYTES[type] ?? 0;
    if (size === 0) return null;
    const count = this.isBig ? this.#u64(at + 4) : this.#u32(at + 4);
    const bytes = count * size;
    const [inline, place] = this.isBig ? [8, at + 12] : [4, at + 8];
    return { tag: this.#u16(at), type, count, bytes, at: bytes <= inline ? place : this.#offset(place) };
  }

  #offset(at: number): number {
    return this.isBig ? this.#u64(at) : this.#u32(at);
  }

  #u16(at: number): number {
    return this.isLittle ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  #u32(at: number): number {
    return this.isLittle ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  #u64(at: number): number {
    return Number(this.isLittle ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at));
  }
}
