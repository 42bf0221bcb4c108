import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { encodeAlphaPng, encodePng, openEncoded } from '../../../server/imaging/codec.ts';
import type { Raster } from '../../../server/imaging/picture.ts';
import { readSrgbProfile } from '../../../server/imaging/profile.ts';
import { encodeTiff } from '../../../server/imaging/tiff/encode.ts';
import { seeded } from '../random.ts';

const cases = (['png', 'tiff'] as const).flatMap((format) =>
  ([8, 16] as const).flatMap((depth) => ([3, 4] as const).map((channels) => ({ format, depth, channels }))),
);

function noise(depth: 8 | 16, channels: 3 | 4): Raster {
  const random = seeded(depth + channels);
  const data = depth === 16 ? new Uint16Array(37 * 23 * channels) : new Uint8Array(37 * 23 * channels);
  for (let i = 0; i < data.length; i++) data[i] = random() * (depth === 16 ? 65536 : 256);
  return { width: 37, height: 23, channels, data };
}

describe('sRGB is named in', () => {
  test.each(cases)('a $format of $depth bits and $channels channels, whose samples stay', async (shape) => {
    const raster = noise(shape.depth, shape.channels);
    const bytes = await (shape.format === 'png' ? encodePng : encodeTiff)(raster);
    const { icc, format, depth } = await sharp(bytes).metadata();
    expect(icc).toEqual(await readSrgbProfile());
    expect([format, depth]).toEqual([shape.format, shape.depth === 16 ? 'ushort' : 'uchar']);
    const read = await (await openEncoded(bytes)).readRaster(shape.depth);
    expect(Buffer.from(read.data.buffer, read.data.byteOffset, read.data.byteLength)).toEqual(
      Buffer.from(raster.data.buffer),
    );
    expect(read.channels).toBe(shape.channels);
  });

  test('no alpha', async () => {
    const alpha = { width: 2, height: 1, data: Uint8Array.of(0, 255) };
    for (const bytes of [await encodeAlphaPng(alpha), await encodeTiff(alpha)])
      expect((await sharp(bytes).metadata()).icc).toBeUndefined();
  });
});

test('a deep picture in a wider space comes out in sRGB', async () => {
  // Red of sRGB, as Display P3 (D65, the same curve) has it.
  const red = Uint16Array.from([0.9176, 0.2003, 0.1386, 0.5, 0.5, 0.5], (v) => v * 65535);
  const raw = sharp(red, { raw: { width: 2, height: 1, channels: 3 } }).toColorspace('rgb16');
  const p3 = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .withIccProfile('p3')
    .png()
    .toBuffer();
  const { icc } = await sharp(p3).metadata();
  const png = await embed(await raw.png().toBuffer(), icc!);
  const { data } = await (await openEncoded(png)).readRaster(16);
  const wanted = [65535, 0, 0, 32767, 32767, 32767];
  // Near black the curve is steep: a thousandth of light is a step of hundreds; unconverted, green would be 13,000.
  for (const [i, value] of wanted.entries()) expect(Math.abs(data[i]! - value), `sample ${i}`).toBeLessThan(2500);
});

/** Puts a profile into a PNG behind IHDR. */
async function embed(png: Buffer, icc: Buffer): Promise<Buffer> {
  const body = Buffer.concat([Buffer.from('iCCPp\0\0', 'latin1'), deflateSync(icc)]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}

test('white is white at 16 bits, wherever it comes from', async () => {
  const white = sharp({ create: { width: 2, height: 2, channels: 4, background: '#fff' } });
  for (const format of ['png', 'webp', 'tiff'] as const) {
    const { data } = await (await openEncoded(await white.clone().toFormat(format).toBuffer())).readRaster(16);
    expect(new Set(data), format).toEqual(new Set([65535]));
  }
});
