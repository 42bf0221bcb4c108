import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openEncoded } from '../../../server/imaging/codec.ts';
import { packTiff, shortTag, type Tag } from '../../../server/imaging/tiff/tags.ts';

async function pixel(file: Buffer, x: number, y: number) {
  const picture = await openEncoded(file);
  const { channels, data } = await picture.readRaster(8);
  return [...data.subarray((y * picture.width + x) * channels).subarray(0, channels)];
}

/** Smaller of two values that an independent decoder gave, and what rounding in between may add. */
function expectNear(values: readonly number[], wanted: readonly number[]) {
  expect(values).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(Math.abs(values[i]! - value), `${values}`).toBeLessThanOrEqual(2);
}

describe('HEIC', () => {
  // Written by libheif and x265 through Pillow, which also gave the numbers.
  const file = (name: string) => readFileSync(path.resolve(import.meta.dirname, '../../fixtures/heic', `${name}.heic`));

  it('stands upright, in the colors of its profile, and tells what is written about it', async () => {
    const picture = await openEncoded(file('display-p3'));
    expect([picture.width, picture.height]).toEqual([32, 48]);
    const { data } = await picture.own!.readRaster(8);
    expectNear([...data.subarray(3 * (10 * 32 + 10)).subarray(0, 3)], [70, 144, 179]);
    // The same in sRGB, by little CMS.
    expectNear(await pixel(file('display-p3'), 10, 10), [29, 146, 183]);
    expect(picture.metadata!.exif!.image.find(({ tag }) => tag === 315)?.data.toString()).toBe('Anna\0');
  });

  it('is the primary picture where there are several, and keeps transparency', async () => {
    expectNear(await pixel(file('second-is-primary'), 10, 10), [71, 100, 180]);
    expectNear(await pixel(file('transparent'), 10, 10), [71, 100, 180, 50]);
  });

  it('of ten bits keeps them', async () => {
    const picture = await openEncoded(file('ten-bits'));
    expect(picture.depth).toBe(16);
    const { channels, data } = await picture.readRaster(16);
    // Pillow's numbers, which are a 64th of these: 282, 359 and 719 of 1023.
    const at = 10 * 48 * channels + 10 * channels;
    expect([...data.subarray(at, at + 3)]).toEqual([282, 359, 719].map((v) => Math.round((v * 65535) / 1023)));
  });

  it('and AVIF have the colors that a code names in place of a profile', async () => {
    const named = await openEncoded(file('nclx-display-p3'));
    // The same color as in the file with a profile.
    expectNear([...(await named.readRaster(8)).data.subarray(0, 3)], [29, 146, 183]);
    expectNear([...(await named.own!.readRaster(8)).data.subarray(0, 3)], [70, 144, 179]);
    const coded = async (primaries: number, transfer: number) => {
      const bytes = readFileSync(path.resolve(import.meta.dirname, '../../fixtures/heic/unspecified.avif'));
      const place = bytes.indexOf('colrnclx') + 8;
      bytes.writeUInt16BE(primaries, place);
      bytes.writeUInt16BE(transfer, place + 2);
      return [...(await (await openEncoded(bytes)).readRaster(8)).data.subarray(0, 3)];
    };
    expectNear(await coded(2, 2), [70, 144, 179]);
    expectNear(await coded(1, 13), [70, 144, 179]);
    expectNear(await coded(12, 13), [29, 146, 183]);
    // References: BT.2087 and BT.2100, where white is that of paper.
    expectNear(await coded(9, 16), [0, 250, 255]);
    expectNear(await coded(9, 18), [0, 179, 236]);
  });

  it('is decoded again after one that failed, and several at once', async () => {
    await expect(openEncoded(Buffer.from(file('transparent')).fill(0, 700))).rejects.toThrow();
    const all = await Promise.all(
      ['display-p3', 'transparent', 'ten-bits', 'second-is-primary'].map((name) => pixel(file(name), 10, 10)),
    );
    expectNear(all[3]!, [71, 100, 180]);
  });

  it('is refused when cut', async () => {
    const whole = file('display-p3');
    for (const length of [whole.length - 200, 700, 40])
      await expect(openEncoded(whole.subarray(0, length))).rejects.toMatchObject({ code: 'TRUNCATED_IMAGE' });
  });
});

describe('BMP', () => {
  interface Bitmap {
    bits: number;
    compression?: number;
    /** Behind the 40 bytes of the header. */
    more?: number[];
    palette?: number[][];
    pixels: number[];
    height?: number;
    size?: number;
  }

  /** Two pixels wide and, unless told, two high. */
  function bmp({ bits, compression = 0, more = [], palette = [], pixels, height = 2, size = 40 }: Bitmap): Buffer {
    const head = Buffer.alloc(54 + 4 * more.length);
    head.write('BM', 'latin1');
    head.writeUInt32LE(head.length + 4 * palette.length, 10);
    head.writeUInt32LE(size, 14);
    head.writeInt32LE(2, 18);
    head.writeInt32LE(height, 22);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(compression, 30);
    head.writeInt32LE(11811, 38);
    head.writeUInt32LE(palette.length, 46);
    for (const [i, value] of more.entries()) head.writeUInt32LE(value, 54 + 4 * i);
    return Buffer.concat([head, Buffer.from(palette.flatMap((c) => [...c, 0])), Buffer.from(pixels)]);
  }
  const read = async (bitmap: Bitmap) => [...(await (await openEncoded(bmp(bitmap))).readRaster(8)).data];
  const palette = [
    [3, 2, 1],
    [6, 5, 4],
  ];
  const [ONE, TWO] = [
    [1, 2, 3],
    [4, 5, 6],
  ];

  it('of 24 bits starts at the bottom, or at the top where its height is negative; has a resolution', async () => {
    const pixels = [3, 2, 1, 6, 5, 4, 0, 0, 9, 9, 9, 8, 8, 8, 0, 0];
    expect(await read({ bits: 24, pixels })).toEqual([9, 9, 9, 8, 8, 8, 1, 2, 3, 4, 5, 6]);
    expect(await read({ bits: 24, height: -2, pixels })).toEqual([1, 2, 3, 4, 5, 6, 9, 9, 9, 8, 8, 8]);
    expect((await openEncoded(bmp({ bits: 24, pixels }))).dpi).toBe(300);
  });

  it('of 1, 4 and 8 bits has a palette', async () => {
    const wanted = [...TWO, ...ONE, ...ONE, ...TWO];
    expect(await read({ bits: 1, palette, pixels: [0x40, 0, 0, 0, 0x80, 0, 0, 0] })).toEqual(wanted);
    expect(await read({ bits: 4, palette, pixels: [0x01, 0, 0, 0, 0x10, 0, 0, 0] })).toEqual(wanted);
    expect(await read({ bits: 8, palette, pixels: [0, 1, 0, 0, 1, 0, 0, 0] })).toEqual(wanted);
  });

  it('is unpacked from runs and stretches', async () => {
    const pixels = [1, 0, 1, 1, 0, 0, 0, 2, 1, 0, 0, 1];
    expect(await read({ bits: 8, compression: 1, palette, pixels: [2, 1, 0, 0, 1, 0, 1, 1, 0, 1] })).toEqual([
      ...ONE,
      ...TWO,
      ...TWO,
      ...TWO,
    ]);
    expect(await read({ bits: 8, compression: 1, palette, pixels })).toEqual([...ONE, ...ONE, ...ONE, ...TWO]);
    expect(await read({ bits: 4, compression: 2, palette, pixels: [2, 0x01, 0, 0, 2, 0x10, 0, 1] })).toEqual([
      ...TWO,
      ...ONE,
      ...ONE,
      ...TWO,
    ]);
  });

  it('of 16 and 32 bits has masks; transparency only where a mask says so', async () => {
    expect(await read({ bits: 16, height: 1, pixels: [0x1f, 0x7c, 0xe0, 0x03] })).toEqual([255, 0, 255, 0, 255, 0]);
    expect(
      await read({ bits: 16, height: 1, compression: 3, more: [0xf800, 0x7e0, 0x1f], pixels: [0xe0, 7, 0, 0xf8] }),
    ).toEqual([0, 255, 0, 255, 0, 0]);
    expect(await read({ bits: 32, height: 1, pixels: [3, 2, 1, 0, 6, 5, 4, 0] })).toEqual([1, 2, 3, 4, 5, 6]);
    const masks = [0xff, 0xff00, 0xff0000, 0xff000000];
    expect(
      await read({ bits: 32, height: 1, compression: 3, size: 56, more: masks, pixels: [1, 2, 3, 50, 4, 5, 6, 255] }),
    ).toEqual([1, 2, 3, 50, 4, 5, 6, 255]);
  });

  it('is refused when its pixels are missing, and read as far as it goes where that is allowed', async () => {
    const cut = bmp({ bits: 24, pixels: [3, 2, 1, 6, 5, 4, 0, 0, 9, 9] });
    await expect(openEncoded(cut)).rejects.toMatchObject({ code: 'TRUNCATED_IMAGE' });
    const { data } = await (await openEncoded(cut, true)).readRaster(8);
    expect([...data.subarray(6)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is refused by its size before memory is spent', async () => {
    const huge = bmp({ bits: 24, pixels: [] });
    huge.writeInt32LE(29_000, 18);
    huge.writeInt32LE(29_000, 22);
    await expect(openEncoded(huge)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });
});

describe('camera raw files', () => {
  const preview = (width: number) =>
    sharp({ create: { width, height: width / 2, channels: 3, background: '#369' } })
      .jpeg()
      .toBuffer();

  /** Built like DNG and NEF: a page for the sensor, and JPEGs somewhere in the file. */
  async function raw(sensor: number, ...widths: number[]): Promise<Buffer> {
    const maker: Tag = { tag: 271, type: 2, count: 5, data: Buffer.from('Anna\0') };
    const head = packTiff(
      [maker, shortTag(262, 32803), shortTag(256, sensor), shortTag(257, sensor / 2), shortTag(274, 8)],
      {},
    );
    const jpegs = await Promise.all(widths.map(preview));
    return Buffer.concat([head, ...jpegs.flatMap((jpeg) => [Buffer.alloc(33, 0xff), jpeg])]);
  }

  it('are seen through their largest preview, upright, with what they say', async () => {
    const picture = await openEncoded(await raw(1610, 160, 1600, 640));
    expect(picture).toMatchObject({ width: 800, height: 1600, isPreview: true });
    expectNear([...(await picture.readRaster(8)).data.subarray(0, 3)], [0x33, 0x66, 0x99]);
    expect(picture.metadata!.exif!.image.find(({ tag }) => tag === 271)?.data.toString()).toBe('Anna\0');
  });

  it('are refused when it is small, and say why', async () => {
    const file = await raw(4000, 1600);
    await expect(openEncoded(file)).rejects.toMatchObject({ code: 'NOT_AN_IMAGE', message: /full-size preview/ });
  });

  it('are known by their first bytes too, where they are built otherwise', async () => {
    const head = Buffer.from('FUJIFILMCCD-RAW 0201FF383501', 'latin1');
    const picture = await openEncoded(Buffer.concat([head, await preview(1600)]));
    expect(picture).toMatchObject({ width: 1600, height: 800, isPreview: true });
  });
});
