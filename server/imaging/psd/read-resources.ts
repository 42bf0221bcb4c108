import { type ByteSource, Cursor, type Span } from './source.ts';

/** Image resource ids (specification, Image Resource IDs). */
export const RESOURCE = {
  resolution: 1005,
  iptc: 1028,
  /** Names of the extra channels: Pascal strings, and Unicode ones. */
  alphaNames: 1006,
  profile: 1039,
  unicodeAlphaNames: 1045,
  transparencyIndex: 1047,
  alphaIdentifiers: 1053,
  versionInfo: 1057,
  exif: 1058,
  xmp: 1060,
} as const;

export interface ResourceBlock {
  id: number;
  /** Empty for most. */
  name: string;
  /** With its head and padding. */
  whole: Span;
  data: Span;
}

/** Specification, Image Resource Blocks: signature, id, a padded name, the length, data padded to even. */
export async function listResources(source: ByteSource, span: Span): Promise<ResourceBlock[]> {
  const blocks: ResourceBlock[] = [];
  const cursor = new Cursor(source, span, false);
  while (cursor.left >= 12) {
    const start = cursor.at;
    await cursor.skip(4);
    const id = await cursor.u16();
    const nameBytes = await cursor.u8();
    const name = (await cursor.take(nameBytes)).toString('latin1');
    await cursor.skip((nameBytes + 1) & 1);
    const data = await cursor.span(await cursor.u32());
    if (cursor.left > 0) await cursor.skip((data.end - data.start) & 1);
    blocks.push({ id, name, whole: { start, end: cursor.at }, data });
  }
  return blocks;
}

/** Larger ones are none of those that are read. */
const MAX_BYTES = 1 << 24;

export async function readResource(
  source: ByteSource,
  blocks: readonly ResourceBlock[],
  id: number,
): Promise<Buffer | null> {
  const data = blocks.find((block) => block.id === id)?.data;
  return data && data.end - data.start <= MAX_BYTES ? source.read(data.start, data.end - data.start) : null;
}
