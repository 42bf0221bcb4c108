import { damaged } from '../damage.ts';
import { type LayerRecord, readLayerRecord } from './layer-record.ts';
import { type ByteSource, Cursor, type LengthField, type Span } from './source.ts';
import { nextBlock } from './tagged-block.ts';

/** Photoshop allows 8,000 layers; groups take two records each. */
const MAX_LAYERS = 16_000;

/** The Layer Info, with its records and where their pixels lie. */
export interface LayerInfo {
  /** Its content, and the place and width of its length. */
  span: Span;
  length: LengthField;
  /** Whether it is in a block of its own, as the layers of deep documents are. */
  isBlock: boolean;
  /** Whether the first extra channel of the merged image is its transparency. */
  hasMergedTransparency: boolean;
  /** Bottom layer first. */
  records: LayerRecord[];
  /** Where the pixels begin and end. */
  pixels: Span;
}

/**
 * Specification, Layer and Mask Information Section. Layers of 16 and 32 bits are in the blocks `Lr16` and `Lr32`, and the Layer
 * Info before them is empty.
 */
export async function readLayerInfo(source: ByteSource, section: Span, isLarge: boolean): Promise<LayerInfo | null> {
  if (section.end === section.start) return null;
  const bytes = isLarge ? 8 : 4;
  const cursor = new Cursor(source, section, isLarge);
  const length: LengthField = { at: cursor.at, bytes };
  const span = await cursor.span(await cursor.size());
  if (span.end > span.start) return readRecords(source, { span, length, isBlock: false }, isLarge);
  if (cursor.left < 4) return null;
  await cursor.skip(await cursor.u32());
  for (let block = await nextBlock(cursor, isLarge); block; block = await nextBlock(cursor, isLarge)) {
    if (!['Lr16', 'Lr32', 'Layr'].includes(block.key) || block.end === block.start) continue;
    return readRecords(source, { span: block, length: block.length, isBlock: true }, isLarge);
  }
  return null;
}

async function readRecords(
  source: ByteSource,
  place: Pick<LayerInfo, 'span' | 'length' | 'isBlock'>,
  isLarge: boolean,
): Promise<LayerInfo | null> {
  const cursor = new Cursor(source, place.span, isLarge);
  const count = await cursor.i16();
  if (Math.abs(count) > MAX_LAYERS) throw damaged(`it says that it has ${Math.abs(count)} layers`);
  if (count === 0) return null;
  const records: LayerRecord[] = [];
  for (let i = 0; i < Math.abs(count); i++) records.push(await readLayerRecord(source, cursor, isLarge));
  const start = cursor.at;
  for (const { channels } of records) {
    for (const channel of channels) channel.data = await cursor.span(channel.length);
  }
  return { ...place, hasMergedTransparency: count < 0, records, pixels: { start, end: cursor.at } };
}
