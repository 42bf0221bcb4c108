import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openEncoded } from '../../../server/imaging/codec.ts';
import { wrapTiff } from '../../../server/imaging/tiff/wrap.ts';
import { seeded } from '../random.ts';

/** A little-endian TIFF of pages, each one strip. Values longer than an entry follow the strips. */
function tiff(pages: { tags: Record<number, number[]>; pixels: Buffer }[]): Buffer {
  const parts: Buffer[] = [Buffer.from('II*\0\0\0\0\0', 'latin1')];
  let length = 8;
  let link = 4;
  const add = (part: Buffer) => {
    parts.push(part, Buffer.alloc(part.length & 1));
    length += part.length + (part.length & 1);
    return length - part.length - (part.length & 1);
  };
  const links: [at: number, to: number][] = [];
  for (const { tags, pixels } of pages) {
    const strip = add(pixels);
    const all: Record<number, number[]> = { 259: [1], 273: [strip], 279: [pixels.length], ...tags };
    const entries = Object.entries(all).map(([tag, values]) => {
      const entry = Buffer.alloc(12);
      const isLong = values.some((value) => value > 65535);
      entry.writeUInt16LE(Number(tag));
      entry.writeUInt16LE(isLong ? 4 : 3, 2);
      entry.writeUInt32LE(values.length, 4);
      const data = Buffer.alloc(Math.max(4, values.length * (isLong ? 4 : 2)));
      for (const [i, value] of values.entries())
        isLong ? data.writeUInt32LE(value, 4 * i) : data.writeUInt16LE(value, 2 * i);
      if (data.length > 4) entry.writeUInt32LE(add(data), 8);
      else data.copy(entry, 8);
      return entry;
    });
    const count = Buffer.alloc(2);
    count.writeUInt16LE(entries.length);
    links.push([link, length]);
    link = length + 2 + 12 * entries.length;
    add(Buffer.concat([count, ...entries, Buffer.alloc(4)]));
  }
  const file = Buffer.concat(parts);
  for (const [at, to] of links) file.writeUInt32LE(to, at);
  return file;
}

const [WIDTH, HEIGHT] = [6, 4];
const COUNT = WIDTH * HEIGHT;

function page(photometric: number, pixel: number[], extra: number[], bits = 8, more: Record<number, number[]> = {}) {
  const samples = pixel.length;
  const pixels = Buffer.alloc((COUNT * samples * bits) / 8);
  for (let i = 0; i < COUNT * samples; i++) {
    const value = pixel[i % samples]!;
    if (bits === 8) pixels[i] = value;
    else if (bits === 16) pixels.writeUInt16LE(value & 0xffff, 2 * i);
    else pixels.writeFloatLE(value, 4 * i);
  }
  const tags = {
    256: [WIDTH],
    257: [HEIGHT],
    258: Array(samples).fill(bits),
    262: [photometric],
    277: [samples],
    ...more,
  };
  return { tags: extra.length > 0 ? { ...tags, 338: extra } : tags, pixels };
}

async function read(file: Buffer) {
  const { channels, data } = await (await openEncoded(file)).readRaster(8);
  return [...data.subarray(0, channels)];
}

describe('saved selections', () => {
  it.each([1, 2, 3])('%d of them are no transparency and leave the colors alone', async (count) => {
    const selections = Array(count).fill(0);
    for (const bits of [8, 16]) {
      const unit = bits === 8 ? 1 : 257;
      const deep = (values: number[]) => values.map((value) => value * unit);
      expect(await read(tiff([page(2, deep([200, 100, 50, ...selections]), selections, bits)]))).toEqual([
        200, 100, 50,
      ]);
      expect(await read(tiff([page(1, deep([90, ...selections]), selections, bits)]))).toEqual([90, 90, 90]);
      const ink = deep([10, 20, 30, 40]);
      const plain = await read(tiff([page(5, ink, [], bits)]));
      expect(await read(tiff([page(5, [...ink, ...selections], selections, bits)]))).toEqual(plain);
    }
  });

  it('transparency beside them is found where the file says it is', async () => {
    expect(await read(tiff([page(2, [200, 100, 50, 7, 60], [0, 2])]))).toEqual([200, 100, 50, 60]);
    expect(await read(tiff([page(1, [90, 60, 7], [2, 0])]))).toEqual([90, 90, 90, 60]);
  });
});

describe('colors that the library misreads', () => {
  // Reference: little CMS, sRGB (200, 100, 50) to Lab D50 and back.
  it('Lab of 8 and 16 bits looks as in Photoshop', async () => {
    const [l, a, b] = [54.56, 37.98, 45.02];
    const near = async (file: Buffer, tolerance: number) => {
      for (const [i, value] of (await read(file)).entries())
        expect(Math.abs(value - [200, 100, 50][i]!), `sample ${i}: ${value}`).toBeLessThanOrEqual(tolerance);
    };
    await near(tiff([page(8, [Math.round(l * 2.55), Math.round(a), Math.round(b)], [])]), 6);
    await near(tiff([page(8, [Math.round(l * 655.35), Math.round(a * 256), Math.round(b * 256)], [], 16)]), 6);
  });

  it('floating samples are linear, gray too, and clipped at white', async () => {
    const float = { 339: [3, 3, 3] };
    expect(await read(tiff([page(2, [0.21586, 1, 7], [], 32, float)]))).toEqual([128, 255, 255]);
    expect(await read(tiff([page(1, [0.21586], [], 32, { 339: [3] })]))).toEqual([128, 128, 128]);
  });
});

describe('profiles of gray', () => {
  /** ICC version 2, with one curve: a gamma, or points 0..1. */
  function profile(curve: number | number[]): Buffer {
    const points = typeof curve === 'number' ? [curve * 256] : curve.map((v) => v * 65535);
    const data = Buffer.alloc(12 + 2 * points.length);
    data.write('curv', 'latin1');
    data.writeUInt32BE(points.length, 8);
    for (const [i, v] of points.entries()) data.writeUInt16BE(Math.round(v), 12 + 2 * i);
    const white = Buffer.from('58595a20000000000000f6d6000100000000d32d', 'hex');
    const head = Buffer.alloc(128 + 4 + 24);
    head.writeUInt32BE(head.length + data.length + white.length);
    head.write('lcms\x02\x40\0\0mntrGRAYXYZ ', 4, 'latin1');
    head.write('acsp', 36, 'latin1');
    white.copy(head, 68, 8);
    head.writeUInt32BE(2, 128);
    head.write('kTRC', 132, 'latin1');
    head.writeUInt32BE(head.length, 136);
    head.writeUInt32BE(data.length, 140);
    head.write('wtpt', 144, 'latin1');
    head.writeUInt32BE(head.length + data.length, 148);
    head.writeUInt32BE(white.length, 152);
    return Buffer.concat([head, data, white]);
  }

  const dotGain = Array.from({ length: 256 }, (_, i) => {
    const ink = 1 - i / 255;
    return 1 - Math.min(1, ink + 0.8 * ink * (1 - ink));
  });

  // Reference: little CMS, through Pillow.
  it.each([
    ['gamma 1.8', 1.8, [43, 146, 230]],
    ['dot gain of 20 %', dotGain, [55, 149, 230]],
  ] as const)('%s, at 8 and 16 bits, with transparency too', async (_, curve, wanted) => {
    const icc = profile(curve as number | number[]);
    const readGray = (bits: number, value: number, extra: number[]) => {
      const pixel = [value, ...extra].map((v) => (bits === 16 ? v * 257 : v));
      return readPage(page(1, pixel, Array(extra.length).fill(2), bits), icc);
    };
    for (const bits of [8, 16])
      for (const extra of [[], [60]])
        for (const [i, value] of [32, 128, 224].entries()) {
          const pixel = await readGray(bits, value, extra);
          for (const sample of pixel.slice(0, 3))
            expect(Math.abs(sample - wanted[i]!), `${bits}`).toBeLessThanOrEqual(1);
          expect(pixel.slice(3)).toEqual(extra);
        }
  });

  async function readPage({ tags, pixels }: ReturnType<typeof page>, icc: Buffer) {
    const data = tags[258]![0] === 16 ? new Uint16Array(Uint8Array.from(pixels).buffer) : pixels;
    const samples = tags[277]![0]!;
    const file = wrapTiff({ width: WIDTH, height: HEIGHT, photometric: 1, samples, data, profile: icc });
    return read(file);
  }
});

it('the picture is taken, not the thumbnail in front of it', async () => {
  const small = { tags: { 256: [3], 257: [2], 258: [8, 8, 8], 262: [2], 277: [3] }, pixels: Buffer.alloc(18) };
  const named = { ...small, tags: { 254: [1], ...small.tags } };
  for (const first of [small, named])
    expect(await openEncoded(tiff([first, page(2, [1, 2, 3], [])]))).toMatchObject({ width: WIDTH, height: HEIGHT });
});

describe('damage', () => {
  const random = seeded(15);
  const noise = Buffer.from(Uint8Array.from({ length: 128 * 96 * 3 }, () => random() * 256));
  const image = () => sharp(noise, { raw: { width: 128, height: 96, channels: 3 } });
  const refuse = (file: Buffer, message: RegExp) =>
    expect(openEncoded(file)).rejects.toMatchObject({
      code: 'TRUNCATED_IMAGE',
      message: expect.stringMatching(message),
    });

  it('of TIFF strips is said', async () => {
    const good = page(2, [1, 2, 3], []);
    await refuse(tiff([{ ...good, tags: { ...good.tags, 273: [70_000] } }]), /strip 1 of 1 lies beyond the end/);
    const packed = { ...good, tags: { ...good.tags, 259: [8] }, pixels: deflateSync(good.pixels.subarray(0, 20)) };
    await refuse(tiff([packed]), /strip 1 of 1 is too short/);
    const whole = { ...packed, pixels: deflateSync(good.pixels) };
    expect(await read(tiff([whole]))).toEqual([1, 2, 3]);
  });

  it.each([{}, { chromaSubsampling: '4:4:4' }])('in the middle of a JPEG is found %o', async (options) => {
    const jpeg = await image()
      .jpeg({ quality: 90, ...options })
      .toBuffer();
    const middle = jpeg.length >> 1;
    const cut = Buffer.concat([jpeg.subarray(0, middle), Buffer.from([0xff, 0xd9])]);
    const over = Buffer.from(jpeg).fill(0, middle, middle + 2000);
    for (const file of [cut, over]) await refuse(file, /pixels are damaged/);
    const bare = jpeg.subarray(0, jpeg.length - 2);
    for (const file of [jpeg, bare, Buffer.concat([jpeg, Buffer.from('junk')])])
      expect((await (await openEncoded(file)).readRaster(8)).width).toBe(128);
  });
});

it('a packing that is not known is named, and not called damage', async () => {
  const file = tiff([page(2, [1, 2, 3], [], 8, { 259: [50_000] })]);
  await expect(openEncoded(file)).rejects.toMatchObject({ code: 'UNSUPPORTED_PICTURE', message: /Zstandard/ });
});

it('a directory that points to itself or far away ends the walk', async () => {
  const file = tiff([page(2, [1, 2, 3], [])]);
  const start = file.readUInt32LE(4);
  file.writeUInt32LE(start, start + 2 + 12 * file.readUInt16LE(start));
  expect(await read(file)).toEqual([1, 2, 3]);
  file.writeUInt32LE(0xfffffff0, 4);
  await expect(openEncoded(file)).rejects.toMatchObject({ code: 'TRUNCATED_IMAGE' });
});
