import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { MAX_SIDE } from '../../../protocol/limits.ts';
import { AppError } from '../../../server/errors.ts';
import { checkSize } from '../../../server/imaging/check-size.ts';
import { openEncoded } from '../../../server/imaging/codec.ts';
import { sniffType } from '../../../server/imaging/formats.ts';
import { seeded } from '../random.ts';

const random = seeded(2);
const noise = Buffer.from(Uint8Array.from({ length: 60 * 40 * 3 }, () => random() * 256));
const image = () => sharp(noise, { raw: { width: 60, height: 40, channels: 3 } });
const FILES = {
  'image/jpeg': await image().jpeg().toBuffer(),
  'image/png': await image().png().toBuffer(),
  'image/webp': await image().webp().toBuffer(),
  'image/tiff': await image().tiff({ compression: 'lzw' }).toBuffer(),
  'image/avif': await image().avif({ effort: 0 }).toBuffer(),
} as const;

/** Opens and reads everything; returns the code of the refusal, or the size of the result. */
async function readAll(bytes: Buffer): Promise<string | number> {
  try {
    const picture = await openEncoded(bytes);
    await picture.readGrid(8, 8);
    return (await picture.readRaster(16)).data.length;
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return (error as AppError).code;
  }
}

/** A PNG that says it is this large; `pixels` is what its data really holds. */
function pngOf(width: number, height: number, pixels = Buffer.alloc(0)): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('sniffType', () => {
  it.each(Object.entries(FILES))('knows %s from its first 12 bytes, and not from fewer', (type, bytes) => {
    expect(sniffType(bytes)).toBe(type);
    expect(sniffType(bytes.subarray(0, 12))).toBe(type);
    for (let length = 0; length < 12; length++) expect(sniffType(bytes.subarray(0, length))).toBeNull();
  });

  it('reads where the view starts, not where its memory does', () => {
    const shifted = Buffer.concat([Buffer.from('xyz'), FILES['image/png']]).subarray(3);
    expect(sniffType(shifted)).toBe('image/png');
  });
});

describe('files that are not pictures', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(4096)],
    ['noise', noise],
    ['text', Buffer.from('hello, this is a text file of some length')],
    [
      'SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'),
    ],
    [
      'SVG with a prologue',
      Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    ],
    ['PDF', Buffer.from('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n')],
    ['MP4', Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypisom\0\0\0\0isomavc1'), Buffer.alloc(200)])],
    ['a document of a version of Photoshop that never was', Buffer.from('8BPS\0\x03\0\0\0\0\0\0\0\x03', 'latin1')],
    ['WAV', Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), Buffer.alloc(60)])],
    ['a PNG after a blank', Buffer.concat([Buffer.from(' '), FILES['image/png']])],
  ])('%s', async (_name, bytes) => {
    expect(await readAll(bytes)).toBe('NOT_AN_IMAGE');
  });
});

describe('damaged files', () => {
  it.each(Object.entries(FILES))(
    '%s cut at any place is refused or read, never anything else',
    async (_type, bytes) => {
      const cuts = new Set([
        12,
        13,
        16,
        20,
        bytes.length - 1,
        ...Array.from({ length: 30 }, () => Math.floor(12 + random() * (bytes.length - 12))),
      ]);
      for (const cut of cuts) expect(['TRUNCATED_IMAGE', 60 * 40 * 3]).toContain(await readAll(bytes.subarray(0, cut)));
      expect(await readAll(bytes.subarray(0, Math.floor(bytes.length / 3)))).toBe('TRUNCATED_IMAGE');
    },
  );

  it.each(['\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'RIFF\0\0\0\0WEBP', 'II*\0', 'MM\0*', '\0\0\0\x1cftypavif'])(
    'noise that begins like a picture (%j)',
    async (start) => {
      expect(await readAll(Buffer.concat([Buffer.from(start, 'latin1'), noise]))).toBe('TRUNCATED_IMAGE');
    },
  );

  it('a PNG without pixels', async () => {
    expect(await readAll(pngOf(40, 40))).toBe('TRUNCATED_IMAGE');
    expect(await readAll(pngOf(0, 40))).toMatch(/TRUNCATED_IMAGE|INVALID_SIZE/);
  });

  it('a PNG that is whole', async () => {
    expect(await readAll(pngOf(2, 1, Buffer.from([0, 1, 2, 3, 4, 5, 6])))).toBe(6);
  });
});

describe('sizes', () => {
  it.each([
    [60_000, 60_000],
    [30_001, 1],
    [1, 30_001],
    [12_000, 10_001],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ])('a header of %d x %d is refused before memory is spent', async (width, height) => {
    const before = process.memoryUsage().rss;
    expect(await readAll(pngOf(width, height))).toMatch(
      width < 2 ** 31 - 1 ? /^IMAGE_TOO_LARGE$/ : /TOO_LARGE|TRUNCATED/,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });

  it('names the limits of what is accepted', () => {
    expect(() => checkSize(MAX_SIDE, 4000)).not.toThrow();
    expect(() => checkSize(12_000, 10_000)).not.toThrow();
    expect(() => checkSize(12_001, 10_000)).toThrow('12001 x 10000');
    for (const [width, height] of [
      [0, 1],
      [1, -1],
      [1.5, 1],
      [Number.NaN, 1],
      [1, Number.POSITIVE_INFINITY],
    ] as const)
      expect(() => checkSize(width, height)).toThrow(expect.objectContaining({ code: 'INVALID_SIZE' }));
  });
});
