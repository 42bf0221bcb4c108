import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { flatten } from './composite.ts';
import type { HostDocument } from './document.ts';
import { HostError } from './errors.ts';
import { convertColor, withAlpha } from './pixels.ts';
import { psdFromDocument } from './psd.ts';
import type { HostState } from './state.ts';

export type FileFormat = 'psd' | 'png' | 'tiff';

/** Saves a copy, as Photoshop does with `asCopy`: the open document does not change. */
export function saveCopy(host: HostState, doc: HostDocument, format: FileFormat, file: string): void {
  if (host.faults.saveFails !== null) throw new HostError(host.faults.saveFails);
  if (format === 'png' && (doc.depth === 32 || doc.mode === 'CMYK' || doc.mode === 'Lab')) {
    throw new HostError('Could not save a copy because the format does not support this mode or depth.');
  }
  const encode = { psd: psdFromDocument, png: encodePng, tiff: encodeTiff }[format];
  writeFileSync(file, encode(doc));
  host.saved.push({ documentId: doc.id, format, file });
}

/** What is visible, 8 bits of RGBA. */
function picture(doc: HostDocument): { width: number; height: number; rgba: Buffer } {
  const raster = withAlpha(flatten(doc, doc.layers, doc.rect));
  const { width, height } = doc;
  return { width, height, rgba: Buffer.from(convertColor(raster.data, 4, 8) as Uint8Array) };
}

function encodePng(doc: HostDocument): Buffer {
  const { width, height, rgba } = picture(doc);
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = 0; y < height; y++) rgba.copy(rows, y * (width * 4 + 1) + 1, y * width * 4, (y + 1) * width * 4);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.of()),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** Little-endian, one strip, straight alpha. */
function encodeTiff(doc: HostDocument): Buffer {
  const { width, height, rgba } = picture(doc);
  const [short, long] = [3, 4];
  const bitsAt = 8;
  const pixelsAt = bitsAt + 8;
  const tags: [tag: number, type: number, count: number, value: number][] = [
    [256, long, 1, width],
    [257, long, 1, height],
    [258, short, 4, bitsAt],
    [259, short, 1, 1],
    [262, short, 1, 2],
    [273, long, 1, pixelsAt],
    [277, short, 1, 4],
    [278, long, 1, height],
    [279, long, 1, rgba.length],
    [338, short, 1, 2],
  ];
  const head = Buffer.alloc(pixelsAt);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(pixelsAt + rgba.length, 4);
  for (let i = 0; i < 4; i++) head.writeUInt16LE(8, bitsAt + i * 2);
  const directory = Buffer.alloc(2 + tags.length * 12 + 4);
  directory.writeUInt16LE(tags.length, 0);
  for (const [index, [tag, type, count, value]] of tags.entries()) {
    const at = 2 + index * 12;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.writeUInt32LE(value, at + 8);
  }
  return Buffer.concat([head, rgba, directory]);
}
