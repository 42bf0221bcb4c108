/** What a layer of a file says beside its pixels: its additional blocks, by their four letters. */
export type LayerRecord = ReadonlyMap<string, Uint8Array>;

export interface PsdRecords {
  /** Image resources by number. */
  readonly resources: ReadonlyMap<number, Uint8Array>;
  /** In the order of the file: the bottom layer first, and below each group's layers a record that ends the group. */
  readonly layers: readonly LayerRecord[];
}

/** The parts of a PSD file that ag-psd passes over. Layout: Adobe Photoshop File Formats Specification. */
export function readRecords(bytes: Uint8Array): PsdRecords {
  const file = new Cursor(bytes);
  file.skip(4);
  const large = file.u16() === 2;
  file.skip(20);
  file.skip(file.u32());
  const resources = readResources(file.part(file.u32()));
  const sizeOf = () => (large ? file.u64() : file.u32());
  const layers = sizeOf() > 0 && sizeOf() > 0 ? readLayers(file, large) : [];
  return { resources, layers };
}

function readResources(section: Cursor): Map<number, Uint8Array> {
  const resources = new Map<number, Uint8Array>();
  while (section.left >= 12) {
    section.skip(4);
    const id = section.u16();
    const name = section.u8();
    section.skip(name + ((name + 1) % 2));
    const size = section.u32();
    resources.set(id, section.take(size));
    section.skip(size % 2);
  }
  return resources;
}

/** Blocks whose size has eight bytes in large documents. */
const LARGE = new Set([
  'LMsk',
  'Lr16',
  'Lr32',
  'Layr',
  'Mt16',
  'Mt32',
  'Mtrn',
  'Alph',
  'FMsk',
  'lnk2',
  'FEid',
  'FXid',
  'PxSD',
]);

function readLayers(file: Cursor, large: boolean): LayerRecord[] {
  return Array.from({ length: Math.abs(file.i16()) }, () => {
    file.skip(16);
    file.skip(file.u16() * (large ? 10 : 6));
    file.skip(12);
    const extra = file.part(file.u32());
    extra.skip(extra.u32());
    extra.skip(extra.u32());
    const name = extra.u8();
    extra.skip(name + ((4 - ((name + 1) % 4)) % 4));
    const blocks = new Map<string, Uint8Array>();
    while (extra.left >= 12) {
      extra.skip(4);
      const key = extra.text(4);
      const size = large && LARGE.has(key) ? extra.u64() : extra.u32();
      blocks.set(key, extra.take(size));
      extra.skip(size % 2);
    }
    return blocks;
  });
}

class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8 = () => this.#view.getUint8(this.#move(1));
  u16 = () => this.#view.getUint16(this.#move(2));
  i16 = () => this.#view.getInt16(this.#move(2));
  u32 = () => this.#view.getUint32(this.#move(4));
  u64 = () => Number(this.#view.getBigUint64(this.#move(8)));
  text = (length: number) => String.fromCharCode(...this.take(length));
  part = (length: number) => new Cursor(this.take(length));

  skip(length: number): void {
    this.#move(length);
  }

  take(length: number): Uint8Array {
    const from = this.#move(length);
    return this.#bytes.subarray(from, from + length);
  }

  #move(by: number): number {
    this.#at += by;
    return this.#at - by;
  }
}
