import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { checkJpeg } from '../../../../server/imaging/jpeg/check.ts';
import { seeded } from '../../random.ts';

const random = seeded(77);
const noise = Buffer.from(Uint8Array.from({ length: 640 * 480 * 3 }, () => random() * 256));
const image = (width = 640, height = 480) =>
  sharp(noise.subarray(0, width * height * 3), { raw: { width, height, channels: 3 } });

const KINDS: Record<string, () => Promise<Buffer>> = {
  'with coarse color': () => image(96, 64).jpeg().toBuffer(),
  'with whole color': () => image(96, 64).jpeg({ chromaSubsampling: '4:4:4', quality: 95 }).toBuffer(),
  'with tables of its own': () => image(96, 64).jpeg({ optimizeCoding: true }).toBuffer(),
  'in gray': () => image(96, 64).toColorspace('b-w').jpeg().toBuffer(),
  'in CMYK': () => image(96, 64).toColorspace('cmyk').jpeg().toBuffer(),
  'longer than the window': () => image().jpeg({ quality: 95 }).toBuffer(),
};

const refused = { code: 'TRUNCATED_IMAGE' };

describe.each(Object.entries(KINDS))('a file %s', (_, make) => {
  // Codes fall into step again by themselves: of overwritten files a few end with the right number of blocks.
  it('passes whole, is refused wherever it is cut, and nearly always where it is overwritten', async () => {
    const file = await make();
    expect(checkJpeg(file)).toBe('whole');
    const start = file.indexOf(Buffer.from([0xff, 0xda])) + 20;
    let found = 0;
    for (let i = 0; i < 40; i++) {
      const at = start + Math.floor(random() * (file.length - start - 300));
      expect(() => checkJpeg(file.subarray(0, at))).toThrow(expect.objectContaining(refused));
      const over = Buffer.from(file);
      for (let k = 0; k < 200; k++) over[at + k] = random() * 256;
      try {
        checkJpeg(over);
      } catch (error) {
        expect(error).toMatchObject(refused);
        found++;
      }
    }
    expect(found).toBeGreaterThanOrEqual(36);
  });
});

/** Gray blocks of 8 x 8 whose codes are two zero bits: no difference, end of block. */
function plain(blocks: number, interval: number, scan: number[]): Buffer {
  const table = (kind: number) => [kind, 1, ...Array(15).fill(0), 0];
  const tables = [...table(0x00), ...table(0x10)];
  const segment = (marker: number, data: number[]) => [0xff, marker, 0, data.length + 2, ...data];
  return Buffer.from([
    ...[0xff, 0xd8],
    ...segment(0xc0, [8, 0, 8, 0, 8 * blocks, 1, 1, 0x11, 0]),
    ...segment(0xc4, tables),
    ...segment(0xdd, [0, interval]),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
    ...scan,
    ...[0xff, 0xd9],
  ]);
}

describe('restart markers', () => {
  it('are followed, fill bytes before them too', () => {
    expect(checkJpeg(plain(3, 1, [0x3f, 0xff, 0xd0, 0x3f, 0xff, 0xff, 0xd1, 0x3f]))).toBe('whole');
    expect(checkJpeg(plain(3, 2, [0x0f, 0xff, 0xd0, 0x3f]))).toBe('whole');
  });

  it.each([
    ['missing', [0x3f, 0x3f, 0x3f]],
    ['out of order', [0x3f, 0xff, 0xd1, 0x3f, 0xff, 0xd0, 0x3f]],
    ['too early', [0xff, 0xd0, 0x3f, 0xff, 0xd1, 0x3f]],
    ['after bytes that belong to nothing', [0x3f, 1, 2, 3, 0xff, 0xd0, 0x3f, 0xff, 0xd1, 0x3f]],
  ])('%s mean damage', (_, scan) => {
    expect(() => checkJpeg(plain(3, 1, scan))).toThrow(expect.objectContaining(refused));
  });
});
