import { pipeline } from 'node:stream/promises';
import { crc32, createDeflate, deflateSync } from 'node:zlib';
import type { Annotation } from './annotation.ts';
import { packExif } from './metadata/exif.ts';
import type { RasterStream, Strip } from './picture.ts';
import { readSrgbProfile } from './profile.ts';
import { IPTC_RESOURCE } from './psd/find-resource.ts';
import { packResource } from './psd/pack-resource.ts';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Color types (PNG 11.2.1). */
const RGB = 2;
const RGBA = 6;
/** Filter type None (PNG 9.2), in front of every row. */
const NO_FILTER = 0;
/** Bytes of compressed pixels per chunk. */
const CHUNK = 1 << 20;

/**
 * A PNG of 8 or 16 bits, with straight alpha if there are four channels, packed row by row while the raster is
 * computed: neither is ever in memory as a whole. Specification: PNG, third edition.
 * @param level of compression, 1 to 9
 * @returns the parts of the file in order
 */
export async function packPng(raster: RasterStream, level = 4, annotation: Annotation = {}): Promise<Buffer[]> {
  const { width, height, channels, depth } = raster;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, channels === 4 ? RGBA : RGB], 8);
  const parts = [SIGNATURE, ...chunk('IHDR', header), ...(await annotate(annotation))];
  await pipeline(filterRows(raster.strips), createDeflate({ level, chunkSize: CHUNK }), async (packed) => {
    for await (const data of packed) parts.push(...chunk('IDAT', data as Buffer));
  });
  return [...parts, ...chunk('IEND', Buffer.alloc(0))];
}

async function* filterRows(strips: AsyncIterable<Strip>): AsyncGenerator<Buffer> {
  for await (const { width, height, channels, data } of strips) {
    const samples = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const line = width * channels * data.BYTES_PER_ELEMENT;
    const out = Buffer.allocUnsafe((line + 1) * height);
    for (let y = 0; y < height; y++) {
      const at = y * (line + 1);
      out[at] = NO_FILTER;
      samples.copy(out, at + 1, y * line, (y + 1) * line);
      // Samples are stored most significant byte first.
      if (data instanceof Uint16Array) out.subarray(at + 1, at + 1 + line).swap16();
    }
    yield out;
  }
}

/** Length, type, data, checksum of type and data (PNG 5.3). */
function chunk(type: string, data: Buffer): Buffer[] {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, 'latin1');
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(data, crc32(head.subarray(4))), 0);
  return [head, data, tail];
}

/** Profile, resolution and metadata (PNG 11.3). */
async function annotate({ profile, dpi, metadata = {} }: Annotation): Promise<Buffer[]> {
  const icc = deflateSync(profile ?? (await readSrgbProfile()));
  const parts = chunk('iCCP', Buffer.concat([Buffer.from(`${profile ? 'ICC' : 'sRGB'}\0\0`, 'latin1'), icc]));
  if (dpi) parts.push(...resolutionChunk(dpi));
  const { exif, xmp, iptc } = metadata;
  if (exif) parts.push(...chunk('eXIf', packExif(exif, !profile, dpi)));
  if (xmp) parts.push(...xmpChunk(xmp));
  if (iptc) parts.push(...chunk('zTXt', rawProfile(packResource(IPTC_RESOURCE, iptc))));
  return parts;
}

/** Five zeros: end of the keyword, not compressed, of method 0, no language, no translated keyword (XMP part 3, 1.1.5). */
function xmpChunk(xmp: Buffer): Buffer[] {
  return chunk('iTXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\0\0\0\0', 'latin1'), xmp]));
}

/** PNG has no chunk for the records of the IPTC; ImageMagick's, hexadecimal in lines of 36 bytes, is read by most. */
function rawProfile(data: Buffer): Buffer {
  const lines = data.toString('hex').match(/.{1,72}/g) ?? [];
  const text = `\niptc\n${String(data.length).padStart(8)}\n${lines.join('\n')}\n`;
  return Buffer.concat([Buffer.from('Raw profile type iptc\0\0', 'latin1'), deflateSync(Buffer.from(text, 'latin1'))]);
}

const METERS_PER_INCH = 0.0254;

/** pHYs, in pixels per meter. */
function resolutionChunk(dpi: number): Buffer[] {
  const data = Buffer.alloc(9);
  const perMeter = Math.round(dpi / METERS_PER_INCH);
  data.writeUInt32BE(perMeter, 0);
  data.writeUInt32BE(perMeter, 4);
  data[8] = 1;
  return chunk('pHYs', data);
}

/** End of the first chunk, IHDR. */
const HEADER_END = 33;

/** Writes resolution and XMP into a PNG that has none. */
export function addNotes(png: Buffer, { dpi, metadata }: Annotation): Buffer {
  const notes = [...(dpi ? resolutionChunk(dpi) : []), ...(metadata?.xmp ? xmpChunk(metadata.xmp) : [])];
  return Buffer.concat([png.subarray(0, HEADER_END), ...notes, png.subarray(HEADER_END)]);
}
