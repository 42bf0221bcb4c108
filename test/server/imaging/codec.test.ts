import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeAlphaPng, encodeJpeg, encodePng, openEncoded, openRaw } from '../../../server/imaging/codec.ts';
import type { Raster } from '../../../server/imaging/picture.ts';
import { seeded } from '../random.ts';

const WIDTH = 48;
const HEIGHT = 32;

/** Four flat quarters, so that a lossy format keeps their middles: red, green / blue, gray. */
const QUARTERS = [
  [220, 30, 30],
  [30, 200, 40],
  [30, 40, 210],
  [128, 128, 128],
] as const;

function quarters(channels: 3 | 4 = 3): Sharp {
  const data = Buffer.alloc(WIDTH * HEIGHT * channels, 255);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const quarter = QUARTERS[(y < HEIGHT / 2 ? 0 : 2) + (x < WIDTH / 2 ? 0 : 1)]!;
      data.set(quarter, (y * WIDTH + x) * channels);
    }
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } });
}

/** Colors in the middle of the four quarters, as 0..255. */
function middles({ width, height, channels, data }: Raster): number[][] {
  const max = data instanceof Uint16Array ? 257 : 1;
  return [0, 1, 2, 3].map((quarter) => {
    const x = Math.floor(width * (quarter % 2 ? 0.75 : 0.25));
    const y = Math.floor(height * (quarter < 2 ? 0.25 : 0.75));
    return Array.from(data.subarray((y * width + x) * channels, (y * width + x) * channels + 3), (v) => v / max);
  });
}

function expectQuarters(raster: Raster, tolerance: number, expected: readonly (readonly number[])[] = QUARTERS): void {
  expect(raster.data).toHaveLength(raster.width * raster.height * raster.channels);
  const found = middles(raster);
  for (const [q, color] of expected.entries())
    for (const [c, value] of color.entries())
      expect(Math.abs(found[q]![c]! - value), `quarter ${q}: ${found[q]} instead of ${color}`).toBeLessThanOrEqual(
        tolerance,
      );
}

const FORMATS: [name: string, write: (image: Sharp) => Sharp, tolerance: number][] = [
  ['JPEG', (image) => image.jpeg({ quality: 95, chromaSubsampling: '4:4:4' }), 4],
  ['progressive JPEG', (image) => image.jpeg({ quality: 95, progressive: true }), 6],
  ['PNG', (image) => image.png(), 0],
  ['interlaced PNG', (image) => image.png({ progressive: true }), 0],
  ['palette PNG', (image) => image.png({ palette: true }), 2],
  ['lossless WebP', (image) => image.webp({ lossless: true }), 0],
  ['lossy WebP', (image) => image.webp({ quality: 95 }), 8],
  ['TIFF', (image) => image.tiff({ compression: 'none' }), 0],
  ['LZW TIFF', (image) => image.tiff({ compression: 'lzw', predictor: 'horizontal' }), 0],
  ['tiled TIFF', (image) => image.tiff({ tile: true, tileWidth: 16, tileHeight: 16 }), 6],
  ['AVIF', (image) => image.avif({ quality: 90, chromaSubsampling: '4:4:4' }), 8],
];

describe('formats', () => {
  it.each(FORMATS)('%s', async (_name, write, tolerance) => {
    const picture = await openEncoded(await write(quarters()).toBuffer());
    expect(picture).toMatchObject({ width: WIDTH, height: HEIGHT, hasAlpha: false });
    for (const depth of [8, 16] as const) {
      const raster = await picture.readRaster(depth);
      expect(raster.data).toBeInstanceOf(depth === 8 ? Uint8Array : Uint16Array);
      expectQuarters(raster, tolerance + 0.5);
    }
    const grid = await picture.readGrid(24, 16);
    expectQuarters({ width: 24, height: 16, channels: 3, data: grid }, tolerance + 1);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %d stands upright', async (orientation) => {
    // The inverse of what the tag asks for, so that all eight files show the same picture.
    const undo = [
      (image: Sharp) => image,
      (image: Sharp) => image.flop(),
      (image: Sharp) => image.rotate(180),
      (image: Sharp) => image.flip(),
      (image: Sharp) => image.flip().rotate(90),
      (image: Sharp) => image.rotate(270),
      (image: Sharp) => image.flop().rotate(90),
      (image: Sharp) => image.rotate(90),
    ][orientation - 1]!;
    const turned = await undo(quarters()).png().toBuffer();
    for (const write of [(i: Sharp) => i.jpeg({ quality: 95 }), (i: Sharp) => i.tiff({ compression: 'none' })]) {
      const file = await write(sharp(turned).withMetadata({ orientation })).toBuffer();
      const picture = await openEncoded(file);
      expect([picture.width, picture.height]).toEqual([WIDTH, HEIGHT]);
      const raster = await picture.readRaster(8);
      expect([raster.width, raster.height]).toEqual([picture.width, picture.height]);
      expectQuarters(raster, 6);
      expectQuarters({ width: 24, height: 16, channels: 3, data: await picture.readGrid(24, 16) }, 8);
      // A region is counted upright as well: each quarter alone is what the whole shows there.
      const whole = await picture.readRaster(8);
      const [halfWidth, halfHeight] = [WIDTH >> 1, HEIGHT >> 1];
      for (const [left, top] of [
        [0, 0],
        [halfWidth, 0],
        [0, halfHeight],
        [halfWidth, halfHeight],
      ] as const) {
        const part = await picture.readGrid(1, 1, { left, top, width: halfWidth, height: halfHeight });
        const center = ((top + (halfHeight >> 1)) * WIDTH + left + (halfWidth >> 1)) * 3;
        for (const [i, sample] of part.entries()) expect(Math.abs(sample - whole.data[center + i]!)).toBeLessThan(12);
      }
    }
  });

  it.each([
    ['gray PNG', quarters().grayscale().png()],
    ['gray JPEG', quarters().grayscale().jpeg({ quality: 95 })],
    ['gray TIFF', quarters().grayscale().tiff({ compression: 'none' })],
    ['gray PNG of 16 bits', quarters().toColorspace('grey16').png()],
    ['one-bit PNG', quarters().threshold(100).png({ palette: true, colors: 2 })],
    ['one-bit TIFF', quarters().threshold(100).toColorspace('b-w').tiff({ bitdepth: 1, compression: 'ccittfax4' })],
  ])('%s becomes RGB', async (_name, image) => {
    const picture = await openEncoded(await image.toBuffer());
    for (const depth of [8, 16] as const) {
      const raster = await picture.readRaster(depth);
      expect(raster.channels).toBe(3);
      for (const [r, g, b] of middles(raster)) expect([g, b]).toEqual([r, r]);
      expect(new Set(middles(raster).map(String)).size).toBeGreaterThan(1);
    }
    expect(await picture.readGrid(5, 4)).toHaveLength(60);
  });

  it('keeps transparency, also of gray and palette pictures', async () => {
    const clear = quarters(4).composite([
      {
        input: { create: { width: 24, height: 16, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 1 } } },
        left: 0,
        top: 0,
        blend: 'dest-out',
      },
    ]);
    const source = await clear.png().toBuffer();
    for (const image of [
      sharp(source).png(),
      sharp(source).webp({ lossless: true }),
      sharp(source).tiff({ compression: 'none' }),
      sharp(source).png({ palette: true }),
      sharp(source).grayscale().png(),
      sharp(source).toColorspace('rgb16').png(),
    ]) {
      const picture = await openEncoded(await image.toBuffer());
      expect(picture.hasAlpha).toBe(true);
      const raster = await picture.readRaster(8);
      expect(raster.channels).toBe(4);
      expect(raster.data).toHaveLength(WIDTH * HEIGHT * 4);
      expect([raster.data[3], raster.data[raster.data.length - 1]]).toEqual([0, 255]);
      // Transparency is shown to the network over mid-gray.
      const grid = await picture.readGrid(24, 16);
      for (const value of grid.subarray(0, 3)) expect(Math.abs(value - 128)).toBeLessThanOrEqual(1);
    }
  });

  it('converts CMYK with its profile and without', async () => {
    for (const image of [
      quarters().toColorspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 98, chromaSubsampling: '4:4:4' }),
      quarters().toColorspace('cmyk').jpeg({ quality: 98, chromaSubsampling: '4:4:4' }),
      quarters().toColorspace('cmyk').tiff({ compression: 'none' }),
    ]) {
      const file = await image.toBuffer();
      expect((await sharp(file).metadata()).space).toBe('cmyk');
      const raster = await (await openEncoded(file)).readRaster(8);
      expect(raster.channels).toBe(3);
      // Ink cannot show these colors; the hues must stay.
      const [red, green, blue, gray] = middles(raster) as [number[], number[], number[], number[]];
      expect(red[0]! - red[1]!).toBeGreaterThan(80);
      expect(green[1]! - green[0]!).toBeGreaterThan(40);
      expect(blue[2]! - blue[0]!).toBeGreaterThan(60);
      for (const value of gray) expect(Math.abs(value - 128)).toBeLessThan(20);
    }
  });

  it('converts wide color spaces to sRGB instead of taking their numbers as they are', async () => {
    for (const write of [
      (i: Sharp) => i.png(),
      (i: Sharp) => i.jpeg({ quality: 98 }),
      (i: Sharp) => i.webp({ lossless: true }),
    ]) {
      const file = await write(quarters().withIccProfile('p3')).toBuffer();
      const untagged = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
      expect(Math.abs(untagged[0]! - QUARTERS[0]![0])).toBeGreaterThan(8);
      const picture = await openEncoded(file);
      expectQuarters(await picture.readRaster(8), 6);
      expectQuarters(await picture.readRaster(16), 6);
      expectQuarters({ width: 24, height: 16, channels: 3, data: await picture.readGrid(24, 16) }, 6);
    }
  });

  it('shows the first frame of an animation', async () => {
    const frames = await Promise.all(
      ['red', 'blue'].map((background) =>
        sharp({ create: { width: 8, height: 6, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const file = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);
    const picture = await openEncoded(file);
    expect([picture.width, picture.height]).toEqual([8, 6]);
    const raster = await picture.readRaster(8);
    expect([raster.height, ...raster.data.subarray(0, 3)]).toEqual([6, 255, 0, 0]);
  });
});

describe('depths', () => {
  const random = seeded(9);
  const fine = Uint16Array.from({ length: 16 * 16 * 3 }, () => random() * 65536);
  const image = () => sharp(fine, { raw: { width: 16, height: 16, channels: 3 } }).toColorspace('rgb16');

  it.each([
    ['PNG', () => image().png()],
    ['TIFF', () => image().tiff({ compression: 'none' })],
  ])('%s keeps all 16 bits', async (_name, write) => {
    const picture = await openEncoded(await write().toBuffer());
    expect([...(await picture.readRaster(16)).data]).toEqual([...fine]);
    expectClose((await picture.readRaster(8)).data, fine, 1 / 257);
    expectClose(await picture.readGrid(16, 16), fine, 1 / 257);
  });

  it('raw pixels keep theirs and change to the other', async () => {
    const sixteen = openRaw({ width: 16, height: 16, channels: 3, data: fine });
    expect((await sixteen.readRaster(16)).data).toBe(fine);
    expectClose((await sixteen.readRaster(8)).data, fine, 1 / 257);
    expectClose(await sixteen.readGrid(16, 16), fine, 1 / 257);
    const coarse = Uint8Array.from({ length: 256 }, (_, i) => i);
    const eight = openRaw({ width: 8, height: 8, channels: 4, data: coarse });
    expect((await eight.readRaster(8)).data).toBe(coarse);
    const { data, channels } = await eight.readRaster(16);
    expect(channels).toBe(4);
    expectClose(data, coarse, 257, 0);
  });

  it('PNG answers hold exactly the samples of the matte and of the cutout', async () => {
    const alpha = fine.subarray(0, 256);
    const gray = await sharp(await encodeAlphaPng({ width: 16, height: 16, data: alpha }))
      .raw({ depth: 'ushort' })
      .toColorspace('grey16')
      .toBuffer({ resolveWithObject: true });
    expect(gray.info.channels).toBe(1);
    expect([...new Uint16Array(gray.data.buffer, gray.data.byteOffset, 256)]).toEqual([...alpha]);
    const small = Uint8Array.from({ length: 256 }, (_, i) => i);
    const eight = await encodeAlphaPng({ width: 16, height: 16, data: small });
    expect(await sharp(eight).metadata()).toMatchObject({ channels: 1, depth: 'uchar' });
    expect([...(await sharp(eight).toColorspace('b-w').raw().toBuffer())]).toEqual([...small]);
    const straight = await encodePng({ width: 8, height: 8, channels: 4, data: small });
    expect([...(await sharp(straight).raw().toBuffer())]).toEqual([...small]);
  });

  function expectClose(found: ArrayLike<number>, from: ArrayLike<number>, factor: number, tolerance = 1): void {
    expect(found.length).toBe(from.length);
    for (let i = 0; i < from.length; i++)
      if (Math.abs(found[i]! - from[i]! * factor) > tolerance) expect.fail(`${found[i]} from ${from[i]}`);
  }
});

describe('raw grids', () => {
  it('squash without moving the picture', async () => {
    const { data } = await quarters().raw().toBuffer({ resolveWithObject: true });
    const picture = openRaw({ width: WIDTH, height: HEIGHT, channels: 3, data });
    expectQuarters({ width: 10, height: 30, channels: 3, data: await picture.readGrid(10, 30) }, 2);
    expect([...(await picture.readGrid(WIDTH, HEIGHT))]).toEqual([...data]);
  });

  it('takes a picture of one pixel to any grid', async () => {
    const picture = openRaw({ width: 1, height: 1, channels: 4, data: Uint8Array.of(9, 8, 7, 255) });
    const grid = await picture.readGrid(64, 64);
    expect([...grid.subarray(0, 3), grid.length]).toEqual([9, 8, 7, 64 * 64 * 3]);
  });
});

it('a JPEG of a matte has three channels: Photoshop panels show no gray pictures', async () => {
  const data = Uint8Array.from({ length: 64 }, (_, index) => index * 4);
  const jpeg = await encodeJpeg({ width: 8, height: 8, data }, 100);
  expect((await sharp(jpeg).metadata()).channels).toBe(3);
  const gray = await sharp(jpeg).toColorspace('b-w').raw().toBuffer();
  for (const [index, value] of gray.entries()) expect(Math.abs(value - data[index]!)).toBeLessThan(4);
});
