import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openEncoded } from '../../../../server/imaging/codec.ts';
import { seeded } from '../../random.ts';

const [WIDTH, HEIGHT] = [192, 128];
const random = seeded(5);
const pixels = Buffer.from(
  Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => 128 + 80 * Math.sin(i / 200) + random() * 40),
);
const END = Buffer.of(0xff, 0xd9);

async function read(file: Buffer, allowDamaged = false) {
  return (await openEncoded(file, allowDamaged)).readRaster(8);
}

describe.each(['4:2:0', '4:4:4'])('a progressive JPEG with color of %s', async (chromaSubsampling) => {
  const raw = { raw: { width: WIDTH, height: HEIGHT, channels: 3 as const } };
  const file = await sharp(pixels, raw).jpeg({ progressive: true, chromaSubsampling }).toBuffer();
  const start = file.indexOf(Buffer.of(0xff, 0xda)) + 20;

  it('passes whole, without its end marker, with bytes between segments, and with bytes behind it', async () => {
    const whole = await read(file);
    const second = 4 + file.readUInt16BE(4);
    const odd = [
      file.subarray(0, -2),
      Buffer.concat([file.subarray(0, second), Buffer.of(1, 2, 3), file.subarray(second)]),
      Buffer.concat([file, Buffer.alloc(40, 7)]),
    ];
    for (const variant of odd) expect((await read(variant)).data).toEqual(whole.data);
  });

  it('is refused wherever it is cut, also with an end marker, and nearly always where it is overwritten', async () => {
    const refused = { code: 'TRUNCATED_IMAGE' };
    let found = 0;
    for (let i = 0; i < 30; i++) {
      const at = start + Math.floor(random() * (file.length - start - 300));
      await expect(read(file.subarray(0, at))).rejects.toMatchObject(refused);
      await expect(read(Buffer.concat([file.subarray(0, at), END]))).rejects.toMatchObject(refused);
      const over = Buffer.from(file);
      for (let k = 0; k < 200; k++) over[at + k] = random() * 256;
      found += await read(over).then(
        () => 0,
        () => 1,
      );
    }
    expect(found).toBeGreaterThanOrEqual(25);
  });

  it('is refused when its last scans are missing, and read where that is allowed', async () => {
    const second = file.indexOf(Buffer.of(0xff, 0xc4), start);
    const cut = Buffer.concat([file.subarray(0, second), END]);
    await expect(read(cut)).rejects.toMatchObject({ message: expect.stringContaining('scans are missing') });
    expect(await read(cut, true)).toMatchObject({ width: WIDTH, height: HEIGHT });
  });
});
