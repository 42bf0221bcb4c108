import { ByteWriter } from './bytes.ts';
import { CannotMask } from './choose-layer.ts';
import { linesOfStrip, PlacedChannel } from './compose.ts';
import { mergedChannels } from './flatten.ts';
import type { LayerRecord } from './layer-record.ts';
import { packResource } from './pack-resource.ts';
import { packBits, packedBound } from './packbits.ts';
import { listResources, RESOURCE, type ResourceBlock, readResource } from './read-resources.ts';
import { COMPRESSION, readCompression, rleStart, rowBytes } from './rows.ts';
import type { ByteSource } from './source.ts';
import type { Edit } from './splice.ts';
import type { PsdStructure } from './structure.ts';

const MAX_CHANNELS = 56;
const CHANNELS_AT = 12;
const USER_MASK = -2;

export interface KeptMask {
  name: string;
  edits: Edit[];
  /** Of the image resources, without their length. */
  resourceEdits: Edit[];
}

/**
 * Saves the mask that a layer has as an alpha channel of the document, behind those that are there: its pixels join the merged
 * image, its name the names of the others.
 * @throws {CannotMask}
 */
export async function keepMask(source: ByteSource, structure: PsdStructure, record: LayerRecord): Promise<KeptMask> {
  if (structure.channels === MAX_CHANNELS) {
    const hint = 'Delete one of them in Photoshop, or the Layer Mask.';
    throw new CannotMask('It has 56 channels already, so its old mask cannot be kept.', hint);
  }
  const resources = await listResources(source, structure.resources);
  const { name, edits: resourceEdits } = await addName(source, structure, resources, record.name);
  const count = new ByteWriter().u16(structure.channels + 1).toBuffer();
  const pixels = await addPixels(source, structure, () => maskLines(source, structure, record));
  return { name, edits: [{ at: CHANNELS_AT, remove: 2, insert: count }, ...pixels], resourceEdits };
}

/** The mask on the canvas, as lines of the document's depth. */
async function* maskLines(
  source: ByteSource,
  structure: PsdStructure,
  { mask, channels }: LayerRecord,
): AsyncGenerator<Buffer[]> {
  const { width, height, depth } = structure;
  const channel = channels.find(({ id }) => id === USER_MASK);
  const placed = channel && new PlacedChannel(source, structure, channel, mask!.bounds, mask!.outside / 255);
  const line = rowBytes(width, depth);
  const most = linesOfStrip(width);
  try {
    for (let top = 0; top < height; top += most) {
      const lines = Math.min(most, height - top);
      const values = placed ? await placed.read(top, lines) : new Float32Array(lines * width).fill(mask!.outside / 255);
      const bytes = Buffer.allocUnsafe(lines * line);
      if (depth === 8) for (let i = 0; i < values.length; i++) bytes[i] = values[i]! * 255 + 0.5;
      else if (depth === 16)
        for (let i = 0; i < values.length; i++) bytes.writeUInt16BE(Math.floor(values[i]! * 65535 + 0.5), 2 * i);
      else for (let i = 0; i < values.length; i++) bytes.writeFloatBE(values[i]!, 4 * i);
      yield Array.from({ length: lines }, (_, y) => bytes.subarray(y * line, (y + 1) * line));
    }
  } finally {
    placed?.close();
  }
}

/** One more channel of the merged image, in the compression of the others. */
async function addPixels(
  source: ByteSource,
  structure: PsdStructure,
  lines: () => AsyncIterable<Buffer[]>,
): Promise<Edit[]> {
  const packed = mergedChannels(source, structure);
  const { span, height, width, count, isLarge, depth } = packed;
  if (span.end - span.start < 2)
    throw new CannotMask('It has no merged image, so its old mask cannot be kept.', 'Save it again in Photoshop.');
  const compression = await readCompression(packed);
  if (compression === COMPRESSION.raw) {
    const line = rowBytes(width, depth);
    const chunks = async function* () {
      for await (const part of lines()) yield* part;
    };
    return [{ at: span.start + 2 + count * height * line, remove: 0, insert: { bytes: height * line, chunks } }];
  }
  const end = compression === COMPRESSION.rle ? await rleStart(packed, count) : 0;
  if (compression !== COMPRESSION.rle || end > span.end)
    throw new CannotMask(
      'Its merged image is packed in an unusual way, so its old mask cannot be kept.',
      'Save it again in Photoshop.',
    );
  const scratch = new Uint8Array(packedBound(rowBytes(width, depth)));
  const counts = new ByteWriter();
  let bytes = 0;
  for await (const part of lines()) {
    for (const line of part) {
      const length = packBits(line, scratch, 0);
      if (isLarge) counts.u32(length);
      else counts.u16(length);
      bytes += length;
    }
  }
  const chunks = async function* () {
    for await (const part of lines()) {
      for (const line of part) yield Buffer.from(scratch.subarray(0, packBits(line, scratch, 0)));
    }
  };
  const table = span.start + 2 + count * height * (isLarge ? 4 : 2);
  return [
    { at: table, remove: 0, insert: counts.toBuffer() },
    { at: end, remove: 0, insert: { bytes, chunks } },
  ];
}

async function addName(
  source: ByteSource,
  { channels, colors, resources, layers }: PsdStructure,
  blocks: readonly ResourceBlock[],
  layer: string,
): Promise<Omit<KeptMask, 'resourceEdits'>> {
  const extra = channels - colors;
  const short = splitPascal(await readResource(source, blocks, RESOURCE.alphaNames));
  const long = splitUnicode(await readResource(source, blocks, RESOURCE.unicodeAlphaNames));
  // Photoshop lists the transparency of the merged image among the names, other writers do not.
  const named = Math.max(short.length, long.length);
  const missing = Math.max(0, extra - (layers?.hasMergedTransparency ? 1 : 0) - named);
  const fill = Array.from({ length: missing }, (_, i) => `Alpha ${named + i + 1}`);
  const taken = [...short, ...long];
  const wanted = `${layer} mask`;
  let name = wanted;
  for (let n = 2; taken.includes(name); n++) name = `${wanted} ${n}`;
  const pad = (names: string[]) => [...names, ...Array(named - names.length).fill('Alpha'), ...fill, name];
  const pascal = new ByteWriter();
  for (const text of pad(short)) {
    const bytes = Buffer.from(text.replace(/[^\x20-\x7e]/gu, '?').slice(0, 255), 'latin1');
    pascal.u8(bytes.length).bytes(bytes);
  }
  const unicode = new ByteWriter();
  for (const text of pad(long.length > 0 ? long : short)) unicode.unicode(`${text}\0`);
  const edits = [
    replaceResource(blocks, resources.end, RESOURCE.alphaNames, pascal.toBuffer()),
    replaceResource(blocks, resources.end, RESOURCE.unicodeAlphaNames, unicode.toBuffer()),
  ];
  const ids = await readResource(source, blocks, RESOURCE.alphaIdentifiers);
  if (ids) {
    const list = Array.from({ length: ids.length >> 2 }, (_, i) => ids.readUInt32BE(4 * i));
    const next = new ByteWriter().bytes(ids.subarray(0, 4 * list.length)).u32((Math.max(0, ...list) + 1) % 2 ** 32);
    edits.push(replaceResource(blocks, resources.end, RESOURCE.alphaIdentifiers, next.toBuffer()));
  }
  return { name, edits };
}

function replaceResource(blocks: readonly ResourceBlock[], end: number, id: number, data: Buffer): Edit {
  const old = blocks.find((block) => block.id === id);
  const insert = packResource(id, data);
  return old
    ? { at: old.whole.start, remove: old.whole.end - old.whole.start, insert }
    : { at: end, remove: 0, insert };
}

function splitPascal(data: Buffer | null): string[] {
  const names: string[] = [];
  for (let at = 0; data && at < data.length; at += 1 + data[at]!)
    names.push(data.toString('latin1', at + 1, at + 1 + data[at]!));
  return names;
}

function splitUnicode(data: Buffer | null): string[] {
  const names: string[] = [];
  for (let at = 0; data && at + 4 <= data.length; ) {
    const units = Math.min(data.readUInt32BE(at), (data.length - at - 4) >> 1);
    const text = Buffer.from(data.subarray(at + 4, at + 4 + 2 * units)).swap16();
    names.push(text.toString('utf16le').replace(/\0+$/, ''));
    at += 4 + 2 * units;
  }
  return names;
}
