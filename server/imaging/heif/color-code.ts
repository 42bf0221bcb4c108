/** Colors of a HEIF or AVIF picture by the numbers of ITU-T H.273, which stand in place of a profile. */
export interface ColorCode {
  primaries: number;
  transfer: number;
}

interface Box {
  type: string;
  /** Of its content. */
  start: number;
  end: number;
}

/** Bytes of version and flags, which some boxes begin with. */
const FULL = 4;

/** What the `colr` box of the primary picture says (ISO/IEC 23008-12, 6.5.5); null where there is none, or a profile. */
export function readColorCode(file: Buffer): ColorCode | null {
  const meta = find(boxes(file, 0, file.length), 'meta');
  if (!meta) return null;
  const inside = [...boxes(file, meta.start + FULL, meta.end)];
  const properties = find(inside, 'iprp');
  const primary = readPrimary(file, find(inside, 'pitm'));
  if (!properties || primary === null) return null;
  const parts = [...boxes(file, properties.start, properties.end)];
  const container = find(parts, 'ipco');
  const links = find(parts, 'ipma');
  if (!container || !links) return null;
  const all = [...boxes(file, container.start, container.end)];
  for (const index of readLinks(file, links, primary)) {
    const box = all[index - 1];
    if (
      box?.type === 'colr' &&
      box.end - box.start >= 10 &&
      file.toString('latin1', box.start, box.start + 4) === 'nclx'
    )
      return { primaries: file.readUInt16BE(box.start + 4), transfer: file.readUInt16BE(box.start + 6) };
  }
  return null;
}

function find(all: Iterable<Box>, type: string): Box | undefined {
  for (const box of all) if (box.type === type) return box;
  return undefined;
}

/** ISO/IEC 14496-12, 4.2: length, type, content; a length of 1 is followed by one of 8 bytes, 0 goes to the end. */
function* boxes(file: Buffer, from: number, to: number): Generator<Box> {
  for (let at = from; at + 8 <= to; ) {
    const short = file.readUInt32BE(at);
    const isLong = short === 1 && at + 16 <= to;
    const length = isLong ? Number(file.readBigUInt64BE(at + 8)) : short === 0 ? to - at : short;
    const head = isLong ? 16 : 8;
    if (length < head || at + length > to) return;
    yield { type: file.toString('latin1', at + 4, at + 8), start: at + head, end: at + length };
    at += length;
  }
}

function readPrimary(file: Buffer, box: Box | undefined): number | null {
  if (!box || box.end - box.start < FULL + 2) return null;
  const isWide = file[box.start]! > 0 && box.end - box.start >= FULL + 4;
  return isWide ? file.readUInt32BE(box.start + FULL) : file.readUInt16BE(box.start + FULL);
}

/** Numbers of an item's properties, from 1. */
function readLinks(file: Buffer, { start, end }: Box, wanted: number): number[] {
  if (end - start < FULL + 4) return [];
  const idBytes = file[start]! > 0 ? 4 : 2;
  const linkBytes = file[start + 3]! & 1 ? 2 : 1;
  const found: number[] = [];
  let at = start + FULL + 4;
  for (let left = file.readUInt32BE(start + FULL); left > 0 && at + idBytes + 1 <= end; left--) {
    const item = file.readUIntBE(at, idBytes);
    const count = file[at + idBytes]!;
    at += idBytes + 1;
    for (let i = 0; i < count && at + linkBytes <= end; i++, at += linkBytes) {
      // The highest bit says that readers must know the property.
      const index = file.readUIntBE(at, linkBytes) & (linkBytes === 2 ? 0x7fff : 0x7f);
      if (item === wanted) found.push(index);
    }
  }
  return found;
}
