/** Collects the small structures of a Photoshop file, whose numbers are big-endian throughout. */
export class ByteWriter {
  readonly #parts: Buffer[] = [];
  #length = 0;
  /** Whether the lengths that the large document format (PSB) widens take 8 bytes instead of 4. */
  readonly #wide: boolean;

  constructor(isLarge = false) {
    this.#wide = isLarge;
  }

  get length(): number {
    return this.#length;
  }

  bytes(data: Uint8Array): this {
    this.#parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    this.#length += data.byteLength;
    return this;
  }

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  /** Takes -32768..65535: the format stores both signed and unsigned numbers in two bytes. */
  u16(value: number): this {
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeUInt16BE(value & 0xffff);
    return this.bytes(bytes);
  }

  u32(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    return this.bytes(bytes);
  }

  /** A length of 4 bytes, or of 8 in a large document. */
  size(value: number): this {
    if (this.#wide) this.u32(Math.floor(value / 2 ** 32));
    return this.u32(value % 2 ** 32);
  }

  /** A signature or key of four letters. */
  key(text: string): this {
    return this.bytes(Buffer.from(text, 'latin1'));
  }

  /** "Unicode string": the number of UTF-16 units in 4 bytes, then the units. */
  unicode(text: string): this {
    return this.u32(text.length).bytes(Buffer.from(text, 'utf16le').swap16());
  }

  /** Zeros up to the next multiple. */
  pad(multiple: number): this {
    return this.bytes(new Uint8Array(padding(this.#length, multiple)));
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }
}

/** Bytes from `length` to the next multiple. */
export function padding(length: number, multiple: number): number {
  return (multiple - (length % multiple)) % multiple;
}
