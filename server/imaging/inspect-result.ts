import sharp from 'sharp';
import { sniffType } from './formats.ts';
import { type Provenance, readProvenance } from './metadata/provenance.ts';
import { ByteWriter } from './psd/bytes.ts';
import { layerChannel } from './psd/compose.ts';
import { listResources, RESOURCE, readResource } from './psd/read-resources.ts';
import { openRows } from './psd/rows.ts';
import { bufferSource } from './psd/source.ts';
import { readStructure } from './psd/structure.ts';
import { hashSamples, SampleHash } from './sample-hash.ts';

/** What a result says about itself. */
export interface Inspection {
  provenance: Provenance;
  /** Whether it is as Hairline wrote it. */
  isUntouched: boolean;
}

const USER_MASK = -2;
/** The writer in the resource "Version Info": behind its version and a flag, with its length, in UTF-16. */
const WRITER_AT = 5;
const WRITER = new ByteWriter().unicode('Hairline').toBuffer();

/**
 * Reads back a PNG, TIFF or document that `hairline matte` wrote.
 * @returns null where it does not say how it was made, or cannot be read
 */
export async function inspectResult(bytes: Buffer): Promise<Inspection | null> {
  try {
    return await (sniffType(bytes) === 'image/vnd.adobe.photoshop' ? inspectDocument(bytes) : inspectPixels(bytes));
  } catch {
    return null;
  }
}

async function inspectPixels(bytes: Buffer): Promise<Inspection | null> {
  const options = { limitInputPixels: false, ignoreIcc: true } as const;
  const { xmp, depth, space } = await sharp(bytes, options).metadata();
  const provenance = xmp ? readProvenance(xmp) : null;
  if (!provenance) return null;
  const isDeep = depth === 'ushort';
  const isGray = space === 'b-w' || space === 'grey16';
  const { data, info } = await sharp(bytes, options)
    .toColorspace(isGray ? (isDeep ? 'grey16' : 'b-w') : isDeep ? 'rgb16' : 'srgb')
    .raw({ depth: isDeep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const samples = isDeep ? new Uint16Array(data.buffer, data.byteOffset, data.length >> 1) : data;
  const { width, height, channels } = info;
  const plane = { width, height, data: samples };
  const pixels = channels === 1 ? plane : { ...plane, channels: channels as 3 | 4 };
  return { provenance, isUntouched: hashSamples(pixels) === provenance.hash };
}

/** A document that another program has saved may have more in it than a mask: it counts as touched. */
async function inspectDocument(bytes: Buffer): Promise<Inspection | null> {
  const source = bufferSource(bytes);
  const structure = await readStructure(source);
  const resources = await listResources(source, structure.resources);
  const xmp = await readResource(source, resources, RESOURCE.xmp);
  const provenance = xmp && readProvenance(xmp);
  if (!provenance) return null;
  const writer = await readResource(source, resources, RESOURCE.versionInfo);
  const record = structure.layers?.records.find(({ mask }) => mask);
  const channel = record?.channels.find(({ id }) => id === USER_MASK);
  const isOwn = writer?.subarray(WRITER_AT, WRITER_AT + WRITER.length).equals(WRITER);
  if (!isOwn || !record || !channel) return { provenance, isUntouched: false };
  const { width, height, depth } = structure;
  const { top, left, bottom, right } = record.mask!.bounds;
  if (top !== 0 || left !== 0 || bottom !== height || right !== width) return { provenance, isUntouched: false };
  const rows = await openRows(layerChannel(source, structure, channel, record.mask!.bounds));
  const hash = new SampleHash(width, height, 1, depth);
  for (let y = 0; y < height; y += 64) {
    const part = Buffer.from(await rows.next(Math.min(64, height - y)));
    hash.add(depth === 16 ? part.swap16() : part);
  }
  return { provenance, isUntouched: hash.toString() === provenance.hash };
}
