import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readBackdrop } from '../../../server/imaging/backdrop.ts';
import { seeded } from '../random.ts';

const [WIDTH, HEIGHT] = [40, 30];
const random = seeded(2);
const eight = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, () => Math.floor(256 * random()));
const draw = (data: Uint8Array | Uint16Array, channels: 3 | 4 = 3) =>
  sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } });

describe('readBackdrop', () => {
  it('gives the samples of a file of either depth at either depth', async () => {
    const sixteen = Uint16Array.from(eight, (value) => value * 257);
    const shallow = await draw(eight).png().toBuffer();
    const deep = await draw(sixteen).toColorspace('rgb16').png().toBuffer();
    for (const file of [shallow, deep]) {
      expect(Uint8Array.from((await readBackdrop(file, WIDTH, HEIGHT, 8)).data)).toEqual(eight);
      expect((await readBackdrop(file, WIDTH, HEIGHT, 16)).data).toEqual(sixteen);
    }
  });

  it('covers, from the middle, and is opaque', async () => {
    const stripes = Uint8Array.from({ length: WIDTH * HEIGHT * 4 }, (_, i) => {
      const x = (i >> 2) % WIDTH;
      return i % 4 === 3 ? (x < 20 ? 255 : 0) : x < 5 || x >= 35 ? 255 : 40;
    });
    const file = await draw(stripes, 4).png().toBuffer();
    const { width, height, channels, data } = await readBackdrop(file, HEIGHT, HEIGHT, 8);
    expect([width, height, channels, data.length]).toEqual([30, 30, 3, 2700]);
    const row = 3 * 15 * HEIGHT;
    // What was cut off at both sides was white, what was transparent is.
    expect(data[row]).toBe(40);
    expect(data[row + 3 * 29]).toBe(255);
  });

  it('says that it is the background that is damaged', async () => {
    const file = await draw(eight).jpeg().toBuffer();
    await expect(readBackdrop(file.subarray(0, file.length >> 1), 8, 8, 8)).rejects.toMatchObject({
      code: 'TRUNCATED_IMAGE',
      message: 'The background picture is damaged or incomplete.',
    });
    await expect(readBackdrop(Buffer.from('not a picture at all'), 8, 8, 8)).rejects.toMatchObject({
      code: 'NOT_AN_IMAGE',
    });
  });
});
