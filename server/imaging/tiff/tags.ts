import { TYPE_BYTES } from './directory.ts';

/** One entry of a directory with its values, little-endian. Data of four bytes stand in the entry, whatever the count says. */
export interface Tag {
  tag: number;
  type: number;
  count: number;
  data: Buffer;
}

export const TYPE = { short: 3, long: 4, rational: 5, undefined: 7 } as const;

const HEADER = 8;

export function longTag(tag: number, value: number): Tag {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return { tag, type: TYPE.long, count: 1, data };
}

export function shortTag(tag: number, value: number): Tag {
  const data = Buffer.alloc(2);
  data.writeUInt16LE(value);
  return { tag, type: TYPE.short, count: 1, data };
}

export function bytesTag(tag: number, data: Buffer, type: number = TYPE.undefined): Tag {
  return { tag, type, count: data.length, data };
}

/** XResolution, YResolution and ResolutionUnit, in pixels per inch (TIFF 6.0 section 8). */
export function resolutionTags(dpi: number): Tag[] {
  const data = Buffer.alloc(8);
  data.writeUInt32LE(Math.round(dpi * 10_000));
  data.writeUInt32LE(10_000, 4);
  const both = [282, 283].map((tag) => ({ tag, type: TYPE.rational, count: 1, data }));
  return [...both, shortTag(296, 2)];
}

/** Values in the byte order of a little-endian file. */
export function toLittle(data: Buffer, type: number): Buffer {
  // Both numbers of a fraction are swapped by themselves.
  const unit = type === 5 || type === 10 ? 4 : TYPE_BYTES[type]!;
  const copy = Buffer.from(data);
  if (unit === 2) copy.swap16();
  else if (unit === 4) copy.swap32();
  else if (unit === 8) copy.swap64();
  return copy;
}

/**
 * A directory (TIFF 6.0 section 2), with its values and the directories that it points to behind it.
 * @param at where it will lie in the file; even
 * @param children by the tag that points to them; empty ones are left out
 */
export function packDirectory(
  tags: readonly Tag[],
  at: number,
  children: Readonly<Record<number, Tag[]>> = {},
): Buffer {
  const below = Object.entries(children).filter(([, child]) => child.length > 0);
  const pointers = below.map(([tag]) => longTag(Number(tag), 0));
  const all = [...tags, ...pointers].sort((a, b) => a.tag - b.tag);
  const cells = Buffer.alloc(2 + 12 * all.length + 4);
  let end = cells.length + all.reduce((sum, { data }) => sum + room(data), 0);
  const parts = below.map(([, child], i) => {
    pointers[i]!.data.writeUInt32LE(at + end);
    const part = packDirectory(child, at + end);
    end += part.length;
    return part;
  });
  cells.writeUInt16LE(all.length);
  const values: Buffer[] = [];
  let place = at + cells.length;
  for (const [i, { tag, type, count, data }] of all.entries()) {
    const cell = 2 + 12 * i;
    cells.writeUInt16LE(tag, cell);
    cells.writeUInt16LE(type, cell + 2);
    cells.writeUInt32LE(count, cell + 4);
    if (data.length <= 4) data.copy(cells, cell + 8);
    else {
      cells.writeUInt32LE(place, cell + 8);
      values.push(data, Buffer.alloc(data.length & 1));
      place += room(data);
    }
  }
  return Buffer.concat([cells, ...values, ...parts]);
}

/** Bytes behind the directory. */
function room(data: Buffer): number {
  return data.length <= 4 ? 0 : data.length + (data.length & 1);
}

/** A file of one directory and no pixels, as Exif is one. */
export function packTiff(tags: readonly Tag[], children: Readonly<Record<number, Tag[]>>): Buffer {
  return Buffer.concat([Buffer.from('II*\0\x08\0\0\0', 'latin1'), packDirectory(tags, HEADER, children)]);
}

/**
 * Adds tags to a little-endian TIFF of one page, as the image library writes it. Where a tag is there already, it stays. The
 * new directory goes to the end, and the old one stays as dead bytes.
 */
export function addTags(tiff: Buffer, tags: readonly Tag[], children: Readonly<Record<number, Tag[]>> = {}): Buffer {
  if (tiff.toString('latin1', 0, 4) !== 'II*\0') throw new Error('The image library wrote another kind of TIFF.');
  const directory = tiff.readUInt32LE(4);
  const kept = Array.from({ length: tiff.readUInt16LE(directory) }, (_, i): Tag => {
    const cell = directory + 2 + 12 * i;
    return {
      tag: tiff.readUInt16LE(cell),
      type: tiff.readUInt16LE(cell + 2),
      count: tiff.readUInt32LE(cell + 4),
      data: tiff.subarray(cell + 8, cell + 12),
    };
  });
  const known = new Set(kept.map(({ tag }) => tag));
  const at = tiff.length + (tiff.length & 1);
  const all = [...kept, ...tags.filter(({ tag }) => !known.has(tag))];
  const out = Buffer.concat([tiff, Buffer.alloc(at - tiff.length), packDirectory(all, at, children)]);
  out.writeUInt32LE(at, 4);
  return out;
}
