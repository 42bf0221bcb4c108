/**
 * Reads exactly the Photoshop files that Hairline writes, after the Adobe Photoshop File Formats Specification and
 * without a line of the writer's. It forgives nothing: every length must be used up to the byte, every filler be zero.
 */
export interface StrictLayer {
  name: string;
  isHidden: boolean;
  /** Samples of each channel by its id, and how they were stored. */
  channels: Map<number, { compression: number; samples: Uint8Array | Uint16Array }>;
  mask: { color: number } | null;
}

export interface StrictFile {
  version: number;
  width: number;
  height: number;
  depth: number;
  dpi: number;
  profile: Buffer;
  layers: StrictLayer[];
  merged: (Uint8Array | Uint16Array)[];
  mergedCompression: number;
}

function demand(condition: boolean, complaint: string): asserts condition {
  if (!condition) throw new Error(complaint);
}

class Cursor {
  at = 0;
  readonly bytes: Buffer;
  readonly wide: boolean;

  constructor(bytes: Buffer, wide: boolean) {
    this.bytes = bytes;
    this.wide = wide;
  }

  take(length: number): Buffer {
    demand(this.at + length <= this.bytes.length, `${length} bytes asked for at ${this.at} of ${this.bytes.length}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  u8 = () => this.take(1).readUInt8();
  u16 = () => this.take(2).readUInt16BE();
  i16 = () => this.take(2).readInt16BE();
  u32 = () => this.take(4).readUInt32BE();
  size = () => (this.wide ? Number(this.take(8).readBigUInt64BE()) : this.u32());
  key = () => this.take(4).toString('latin1');
  inside = (length: number) => new Cursor(this.take(length), this.wide);

  unicode(): string {
    const length = this.u32();
    return Buffer.from(this.take(length * 2))
      .swap16()
      .toString('utf16le');
  }

  expect(key: string): void {
    const found = this.key();
    demand(found === key, `"${found}" instead of "${key}" at ${this.at - 4}`);
  }

  zeros(length: number): void {
    demand(
      this.take(length).every((byte) => byte === 0),
      `filler before ${this.at} is not zero`,
    );
  }

  end(): void {
    demand(this.at === this.bytes.length, `${this.bytes.length - this.at} bytes too many`);
  }
}

export function readStrictly(bytes: Buffer): StrictFile {
  const version = bytes.readUInt16BE(4);
  demand(version === 1 || version === 2, 'version');
  const file = new Cursor(bytes, version === 2);
  file.expect('8BPS');
  file.u16();
  file.zeros(6);
  const channels = file.u16();
  const height = file.u32();
  const width = file.u32();
  const depth = file.u16();
  demand(depth === 8 || depth === 16, 'depth');
  const side = version === 1 ? 30_000 : 300_000;
  demand(width > 0 && width <= side && height > 0 && height <= side, 'size');
  demand(file.u16() === 3, 'mode RGB');
  file.zeros(4);
  const shape = { width, height, depth };
  const resources = readResources(file.inside(file.u32()));
  const layers = readLayerSection(file.inside(file.size()), shape);
  const mergedCompression = file.u16();
  const merged = readPlanes(file, shape, mergedCompression, channels);
  file.end();
  return { version, ...shape, ...resources, layers, merged, mergedCompression };
}

interface Shape {
  width: number;
  height: number;
  depth: number;
}

function readResources(section: Cursor): { dpi: number; profile: Buffer } {
  const blocks = new Map<number, Cursor>();
  while (section.at < section.bytes.length) {
    section.expect('8BIM');
    const id = section.u16();
    section.zeros(2);
    const length = section.u32();
    demand(!blocks.has(id), `resource ${id} twice`);
    blocks.set(id, section.inside(length));
    section.zeros(length % 2);
  }
  const resolution = blocks.get(1005)!;
  const dpi = resolution.u32() / 65536;
  demand(resolution.u16() === 1 && resolution.u16() === 1, 'pixels per inch, shown in inches');
  demand(resolution.u32() / 65536 === dpi, 'square pixels');
  resolution.take(4);
  resolution.end();
  const version = blocks.get(1057)!;
  demand(version.u32() === 1 && version.u8() === 1, 'version info says that the merged image is real');
  version.unicode();
  version.unicode();
  demand(version.u32() === 1, 'file version');
  version.end();
  return { dpi, profile: blocks.get(1039)!.bytes };
}

function readLayerSection(section: Cursor, shape: Shape): StrictLayer[] {
  const infoLength = section.size();
  demand(infoLength % 2 === 0, 'layer info has an even length');
  if (shape.depth === 8) {
    const layers = readLayerInfo(section.inside(infoLength), shape);
    section.zeros(4);
    section.end();
    return layers;
  }
  demand(infoLength === 0, 'layers of 16 bits are not in the layer info');
  section.zeros(4);
  section.expect('8BIM');
  section.expect('Mt16');
  demand(section.size() === 0, 'Mt16 is empty');
  section.expect('8BIM');
  section.expect('Lr16');
  const length = section.size();
  demand(length % 4 === 0, 'blocks have lengths of a multiple of 4');
  const layers = readLayerInfo(section.inside(length), shape);
  section.end();
  return layers;
}

function readLayerInfo(info: Cursor, shape: Shape): StrictLayer[] {
  const count = info.i16();
  demand(count < 0, 'the merged image has its transparency');
  const records = Array.from({ length: -count }, () => readRecord(info, shape));
  for (const { layer, lengths } of records) {
    for (const [id, length] of lengths) {
      const data = info.inside(length);
      const compression = data.u16();
      layer.channels.set(id, { compression, samples: readPlanes(data, shape, compression, 1)[0]! });
      data.end();
    }
  }
  const rest = info.bytes.length - info.at;
  demand(rest < 4, 'padding of the layer info');
  info.zeros(rest);
  return records.map(({ layer }) => layer);
}

function readRecord(info: Cursor, shape: Shape) {
  readBounds(info, shape);
  const lengths = Array.from({ length: info.u16() }, () => [info.i16(), info.size()] as const);
  info.expect('8BIM');
  info.expect('norm');
  demand(info.u8() === 255 && info.u8() === 0, 'opaque, not clipped');
  const flags = info.u8();
  demand((flags & ~0b10) === 0b1000, 'flags');
  info.zeros(1);
  const extra = info.inside(info.u32());
  const maskLength = extra.u32();
  let mask: StrictLayer['mask'] = null;
  if (maskLength > 0) {
    demand(maskLength === 20, 'mask data');
    readBounds(extra, shape);
    mask = { color: extra.u8() };
    extra.zeros(3);
  }
  demand((mask !== null) === lengths.some(([id]) => id === -2), 'mask data and mask channel go together');
  extra.zeros(4);
  const plain = extra.u8();
  extra.take(plain);
  extra.zeros((4 - ((plain + 1) % 4)) % 4);
  extra.expect('8BIM');
  extra.expect('luni');
  const names = extra.inside(extra.u32());
  const name = names.unicode();
  names.zeros(names.bytes.length - names.at);
  demand(names.bytes.length % 4 === 0, 'padding of the name');
  extra.end();
  const layer: StrictLayer = { name, isHidden: (flags & 0b10) !== 0, channels: new Map(), mask };
  return { layer, lengths };
}

function readBounds(from: Cursor, { width, height }: Shape): void {
  const [top, left, bottom, right] = [from.u32(), from.u32(), from.u32(), from.u32()];
  demand(top === 0 && left === 0 && bottom === height && right === width, 'bounds are the canvas');
}

function readPlanes(from: Cursor, shape: Shape, compression: number, count: number): (Uint8Array | Uint16Array)[] {
  const { width, height, depth } = shape;
  const line = (width * depth) / 8;
  demand(compression === 0 || compression === 1, `compression ${compression}`);
  const lines = count * height;
  const counts = Array.from({ length: lines }, () => {
    if (compression === 0) return line;
    return from.wide ? from.u32() : from.u16();
  });
  const flat = Buffer.alloc(lines * line);
  counts.forEach((length, i) => {
    const packed = from.take(length);
    const target = flat.subarray(i * line, (i + 1) * line);
    if (compression === 0) packed.copy(target);
    else unpack(packed, target);
  });
  return Array.from({ length: count }, (_, i) => {
    const plane = Uint8Array.from(flat.subarray(i * height * line, (i + 1) * height * line));
    if (depth === 8) return plane;
    Buffer.from(plane.buffer).swap16();
    return new Uint16Array(plane.buffer);
  });
}

/** PackBits (TIFF 6.0, section 9); the do-nothing header -128 is not allowed here. */
export function unpack(packed: Uint8Array, target: Uint8Array): void {
  let at = 0;
  for (let i = 0; i < packed.length; ) {
    const head = packed[i++]!;
    demand(head !== 128, 'header -128');
    const length = head < 128 ? head + 1 : 257 - head;
    demand(at + length <= target.length, 'a line unpacks to more than its width');
    if (head < 128) {
      demand(i + length <= packed.length, 'a literal goes beyond its line');
      target.set(packed.subarray(i, i + length), at);
      i += length;
    } else target.fill(packed[i++]!, at, at + length);
    at += length;
  }
  demand(at === target.length, 'a line unpacks to less than its width');
}
