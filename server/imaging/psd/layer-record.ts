import { damaged } from '../damage.ts';
import { type ByteSource, Cursor, type Span } from './source.ts';
import { nextBlock, type TaggedBlock } from './tagged-block.ts';

/** Rectangle in canvas coordinates. */
export interface Bounds {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

export interface ChannelPlace {
  id: number;
  /** Bytes in the file, the compression word included. */
  length: number;
  data: Span;
}

/** Layer Mask data (specification, Layer mask / adjustment layer data). */
export interface MaskRecord {
  bounds: Bounds;
  /** Outside its bounds, 0 or 255. */
  outside: number;
  isDisabled: boolean;
  /** It shows a vector mask, alone or multiplied with the layer's own mask, which is then `real`. */
  isRendered: boolean;
  real: Pick<MaskRecord, 'bounds' | 'outside' | 'isDisabled'> | null;
  /** Density and feather of both masks as they are stored, with padding; empty where there are none. */
  parameters: Buffer;
  /** 0..1 */
  density: number;
  /** In pixels. */
  feather: number;
}

export interface LayerRecord {
  bounds: Bounds;
  /** Of the number of channels; the list follows. */
  channelsAt: number;
  channels: ChannelPlace[];
  blend: string;
  /** 0..1, with the fill opacity. */
  opacity: number;
  isClipped: boolean;
  flags: number;
  flagsAt: number;
  isHidden: boolean;
  /** Of the length of what follows the fixed part of the record. */
  extraAt: number;
  extraBytes: number;
  /** Of the length of the mask data, and where they end. */
  maskAt: number;
  maskEnd: number;
  mask: MaskRecord | null;
  /** Whether tones blend selectively ("Blend If"). */
  hasRanges: boolean;
  name: string;
  /** 1 and 2 for groups, 3 for the mark below their lowest layer, 0 for layers. */
  section: number;
  /** Blend mode of a group, where it is not in `blend`. */
  sectionBlend: string | null;
  blocks: Map<string, TaggedBlock>;
}

const HIDDEN = 0b10;
const MAX_SIDE = 2 ** 24;

/** Longer values of the blocks that are read are no such values. */
const MAX_BLOCK = 1 << 16;

/** Specification, Layer Records. Pixels are not there yet: `data` of the channels is empty. */
export async function readLayerRecord(source: ByteSource, cursor: Cursor, isLarge: boolean): Promise<LayerRecord> {
  const bounds = await readBounds(cursor);
  const channelsAt = cursor.at;
  const count = await cursor.u16();
  if (count > 56) throw damaged(`a layer has ${count} channels`);
  const channels: ChannelPlace[] = [];
  for (let i = 0; i < count; i++)
    channels.push({ id: await cursor.i16(), length: await cursor.size(), data: { start: 0, end: 0 } });
  if ((await cursor.key()) !== '8BIM') throw damaged('its list of layers makes no sense');
  const blend = await cursor.key();
  const opacity = (await cursor.u8()) / 255;
  const isClipped = (await cursor.u8()) !== 0;
  const flagsAt = cursor.at;
  const flags = await cursor.u8();
  await cursor.skip(1);
  const extraAt = cursor.at;
  const extraBytes = await cursor.u32();
  const extra = new Cursor(source, await cursor.span(extraBytes), isLarge);
  const maskAt = extra.at;
  const maskSpan = await extra.span(await extra.u32());
  const mask = await readMask(new Cursor(source, maskSpan, isLarge), bounds);
  const rangesLength = await extra.u32();
  if (rangesLength > MAX_BLOCK) throw damaged('a length in it is wrong');
  const ranges = await extra.take(rangesLength);
  const shortName = await readPascal(extra);
  const blocks = new Map<string, TaggedBlock>();
  for (let block = await nextBlock(extra, isLarge); block; block = await nextBlock(extra, isLarge))
    blocks.set(block.key, block);
  const read = async (key: string) => {
    const span = blocks.get(key);
    return span && span.end - span.start <= MAX_BLOCK ? source.read(span.start, span.end - span.start) : null;
  };
  const divider = (await read('lsct')) ?? (await read('lsdk'));
  const fill = (await read('iOpa'))?.[0] ?? 255;
  return {
    bounds,
    channelsAt,
    channels,
    blend,
    opacity: (opacity * fill) / 255,
    isClipped,
    flags,
    flagsAt,
    isHidden: (flags & HIDDEN) !== 0,
    extraAt,
    extraBytes,
    maskAt,
    maskEnd: maskSpan.end,
    mask,
    hasRanges: hasRanges(ranges),
    name: readUnicode(await read('luni')) ?? shortName,
    section: divider && divider.length >= 4 ? divider.readUInt32BE() : 0,
    sectionBlend: divider && divider.length >= 12 ? divider.toString('latin1', 8, 12) : null,
    blocks,
  };
}

async function readBounds(cursor: Cursor): Promise<Bounds> {
  const [top, left] = [await cursor.i32(), await cursor.i32()];
  // Of empty shapes Photoshop writes an end that lies a line before the start.
  const end = async (start: number) => {
    const value = await cursor.i32();
    return value === start - 1 ? start : value;
  };
  const [bottom, right] = [await end(top), await end(left)];
  const isSmall = [top, left, bottom, right].every((v) => Math.abs(v) <= MAX_SIDE);
  if (bottom < top || right < left || !isSmall) throw damaged('a layer has impossible bounds');
  return { top, left, bottom, right };
}

const RELATIVE = 0b1;
const DISABLED = 0b10;
const RENDERED = 0b1000;
const HAS_PARAMETERS = 0b10000;

/** Source for the order, which the specification has otherwise: documents written by Photoshop. */
async function readMask(cursor: Cursor, layer: Bounds): Promise<MaskRecord | null> {
  if (cursor.left < 18) return null;
  const shown = { bounds: await readBounds(cursor), outside: await cursor.u8() };
  const flags = await cursor.u8();
  let real: MaskRecord['real'] = null;
  if (cursor.left >= 18) {
    const isDisabled = ((await cursor.u8()) & DISABLED) !== 0;
    const outside = await cursor.u8();
    real = { bounds: place(await readBounds(cursor), flags, layer), outside, isDisabled };
  }
  const parameters = flags & HAS_PARAMETERS ? await cursor.take(cursor.left) : Buffer.alloc(0);
  const kinds = parameters[0] ?? 0;
  const hasDensity = (kinds & 1) !== 0 && parameters.length >= 2;
  const featherAt = hasDensity ? 2 : 1;
  const hasFeather = (kinds & 2) !== 0 && parameters.length >= featherAt + 8;
  return {
    bounds: place(shown.bounds, flags, layer),
    outside: shown.outside,
    isDisabled: (flags & DISABLED) !== 0,
    isRendered: (flags & RENDERED) !== 0,
    real,
    parameters: Buffer.from(parameters),
    density: hasDensity ? parameters[1]! / 255 : 1,
    feather: hasFeather ? parameters.readDoubleBE(featherAt) : 0,
  };
}

function place(own: Bounds, flags: number, { top, left }: Bounds): Bounds {
  const shift = flags & RELATIVE ? { top, left } : { top: 0, left: 0 };
  return {
    top: own.top + shift.top,
    left: own.left + shift.left,
    bottom: own.bottom + shift.top,
    right: own.right + shift.left,
  };
}

/** Pairs of black and white, each of two values, for source and destination: 0, 0, 255, 255 blends all. */
function hasRanges(ranges: Buffer): boolean {
  for (let i = 0; i + 4 <= ranges.length; i += 4) {
    if (ranges.readUInt32BE(i) !== 0x0000ffff) return true;
  }
  return false;
}

async function readPascal(cursor: Cursor): Promise<string> {
  if (cursor.left === 0) return '';
  const length = await cursor.u8();
  const text = (await cursor.take(length)).toString('latin1');
  await cursor.skip(Math.min(cursor.left, (4 - ((length + 1) % 4)) % 4));
  return text;
}

/** The number of UTF-16 units, then the units; some writers end them with a zero. */
export function readUnicode(data: Buffer | null): string | null {
  if (!data || data.length < 4) return null;
  const units = Math.min(data.readUInt32BE(), (data.length - 4) >> 1);
  const text = Buffer.from(data.subarray(4, 4 + 2 * units)).swap16();
  return text.toString('utf16le').replace(/\0+$/, '');
}
