import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { openEncoded, openRaw } from '../../../server/imaging/codec.ts';
import type { Picture } from '../../../server/imaging/picture.ts';
import { readStrips } from '../../../server/imaging/read-strips.ts';
import { cropPicture } from '../../../server/matting/subjects/region.ts';
import { seeded } from '../random.ts';

const WIDTH = 61;
const HEIGHT = 43;

function noise(channels: 3 | 4, deep: boolean): Uint8Array | Uint16Array {
  const random = seeded(5);
  const max = deep ? 65536 : 256;
  const data = deep ? new Uint16Array(WIDTH * HEIGHT * channels) : new Uint8Array(WIDTH * HEIGHT * channels);
  return data.map(() => Math.floor(random() * max));
}

function draw(channels: 3 | 4 = 3, deep = false): Sharp {
  const image = sharp(noise(channels, deep), { raw: { width: WIDTH, height: HEIGHT, channels } });
  return deep ? image.toColorspace('rgb16') : image;
}

const PICTURES: [name: string, write: () => Sharp][] = [
  ['JPEG with shared chroma', () => draw().jpeg({ quality: 80, chromaSubsampling: '4:2:0' })],
  ['progressive JPEG', () => draw().jpeg({ progressive: true })],
  ['turned JPEG', () => draw().withMetadata({ orientation: 6 }).jpeg()],
  ['mirrored JPEG', () => draw().withMetadata({ orientation: 4 }).jpeg()],
  ['transparent PNG', () => draw(4).png()],
  ['interlaced PNG', () => draw().png({ progressive: true })],
  ['deep PNG', () => draw(4, true).png()],
  ['TIFF in strips', () => draw().tiff({ compression: 'lzw', predictor: 'horizontal' })],
  ['tiled TIFF', () => draw().tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 })],
  ['WebP', () => draw(4).webp()],
  ['AVIF', () => draw().avif()],
];

async function expectJoins(picture: Picture, depth: 8 | 16): Promise<void> {
  const whole = await picture.readRaster(depth);
  for (const pixels of [WIDTH, 7 * WIDTH, 1e6]) {
    let row = 0;
    for await (const { top, ...strip } of readStrips(picture, depth, pixels)) {
      expect(top).toBe(row);
      const line = picture.width * strip.channels;
      expect(strip.data).toHaveLength(line * strip.height);
      expect(strip.data).toEqual(whole.data.subarray(line * top, line * (top + strip.height)));
      row += strip.height;
    }
    expect(row).toBe(picture.height);
  }
}

describe('readStrips', () => {
  it.each(PICTURES)('joins without a seam: %s', async (_, write) => {
    const picture = await openEncoded(await write().toBuffer());
    await expectJoins(picture, 8);
    await expectJoins(picture, 16);
  });

  it('reads raw pixels of either depth, and those in place that need no change', async () => {
    for (const deep of [false, true]) {
      const data = noise(4, deep);
      const picture = openRaw({ width: WIDTH, height: HEIGHT, channels: 4, data });
      await expectJoins(picture, 8);
      await expectJoins(picture, 16);
      const strips = readStrips(picture, deep ? 16 : 8, WIDTH);
      for await (const strip of strips) expect(strip.data.buffer).toBe(data.buffer);
    }
  });

  it('reads a part of a picture', async () => {
    const picture = await openEncoded(await draw(4).png().toBuffer());
    const part = cropPicture(picture, { left: 11, top: 6, width: 40, height: 30 });
    await expectJoins(part, 8);
    const [whole, { data }] = [await picture.readRaster(8), await part.readRaster(8)];
    for (let y = 0; y < 30; y++) {
      const start = 4 * ((6 + y) * WIDTH + 11);
      expect(data.subarray(160 * y, 160 * (y + 1))).toEqual(Uint8Array.from(whole.data.subarray(start, start + 160)));
    }
  });

  it('fails on a damaged file before its last row', async () => {
    // Baseline files are refused when they are opened.
    const file = await draw().jpeg({ progressive: true }).toBuffer();
    const picture = await openEncoded(file.subarray(0, file.length >> 1));
    const read = async () => {
      for await (const strip of readStrips(picture, 8, WIDTH)) expect(strip.height).toBe(1);
    };
    await expect(read()).rejects.toMatchObject({ code: 'TRUNCATED_IMAGE' });
  });
});
