/** Longest archive without the 64-bit extension, which not all programs read. */
const MOST = 2 ** 32 - 1;
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
/** General purpose bit 11: names are UTF-8. */
const UTF8 = 0x800;

interface Entry {
  name: Uint8Array<ArrayBuffer>;
  crc: number;
  size: number;
  offset: number;
}

/**
 * A ZIP archive of files that are packed already (APPNOTE 6.3, stored). Its parts are references to the blobs, which browsers keep
 * on disk: only a piece of one is in memory at a time.
 */
export class ZipArchive {
  readonly #parts: BlobPart[] = [];
  readonly #entries: Entry[] = [];
  readonly #time: number;
  #length = 0;
  #directory = 0;

  constructor(now = new Date()) {
    const day = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
    this.#time = (day * 65536 + ((now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1))) >>> 0;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Whether the archive stays short enough with one more file. */
  fits(name: string, { size }: Blob): boolean {
    const head = 3 * name.length + 46;
    return this.#length + size + this.#directory + 2 * head + 22 <= MOST && this.#entries.length < 65_535;
  }

  async add(name: string, content: Blob): Promise<void> {
    const entry = {
      name: new TextEncoder().encode(name),
      crc: await checksum(content),
      size: content.size,
      offset: this.#length,
    };
    const head = this.#header(LOCAL, 30, entry);
    this.#parts.push(head, entry.name, content);
    this.#length += head.byteLength + entry.name.length + content.size;
    this.#directory += 46 + entry.name.length;
    this.#entries.push(entry);
  }

  finish(): Blob {
    const directory = this.#entries.flatMap((entry) => [this.#header(CENTRAL, 46, entry), entry.name]);
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, END, true);
    end.setUint16(8, this.#entries.length, true);
    end.setUint16(10, this.#entries.length, true);
    end.setUint32(12, this.#directory, true);
    end.setUint32(16, this.#length, true);
    return new Blob([...this.#parts, ...directory, end], { type: 'application/zip' });
  }

  /** Of a file, or of its line in the directory, which has one field more before them and the place at its end. */
  #header(signature: number, length: number, { name, crc, size, offset }: Entry): DataView<ArrayBuffer> {
    const head = new DataView(new ArrayBuffer(length));
    head.setUint32(0, signature, true);
    let at = 4;
    if (signature === CENTRAL) {
      head.setUint16(at, VERSION, true);
      at += 2;
      head.setUint32(42, offset, true);
    }
    head.setUint16(at, VERSION, true);
    head.setUint16(at + 2, UTF8, true);
    head.setUint32(at + 6, this.#time, true);
    head.setUint32(at + 10, crc, true);
    head.setUint32(at + 14, size, true);
    head.setUint32(at + 18, size, true);
    head.setUint16(at + 22, name.length, true);
    return head;
  }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32, as in PNG. */
async function checksum(content: Blob): Promise<number> {
  let crc = 0xffffffff;
  const reader = content.stream().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read())
    for (const byte of part.value) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
}
