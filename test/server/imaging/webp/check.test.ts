import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { openEncoded } from '../../../../server/imaging/codec.ts';
import { checkWebp } from '../../../../server/imaging/webp/check.ts';
import { packageRoot } from '../../../../server/system/package-root.ts';
import { seeded } from '../../random.ts';

const PHOTO = readFileSync(path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo/sample1.jpg'));
const random = seeded(31);
const photo = (width = 160) => sharp(PHOTO).resize(width);
const withHole = () => {
  const hole = Buffer.from(
    '<svg width="160" height="40"><ellipse cx="80" cy="20" rx="70" ry="18" fill-opacity=".6"/></svg>',
  );
  return photo()
    .ensureAlpha()
    .composite([{ input: hole, blend: 'dest-out' }]);
};

const KINDS: Record<string, () => Sharp> = {
  'lossy and fine': () => photo().webp({ quality: 95, effort: 6 }),
  'lossy and coarse': () => photo(240).webp({ quality: 40, effort: 0 }),
  'lossy, with opacity': () => withHole().webp({ quality: 80 }),
  lossless: () => photo(200).webp({ lossless: true }),
  'lossless, made quickly': () => photo(200).webp({ lossless: true, effort: 0 }),
  'nearly lossless, with opacity': () => withHole().webp({ nearLossless: true, quality: 60 }),
  'of few colors': () => photo(300).threshold().webp({ lossless: true, effort: 1 }),
};

const refused = { code: 'TRUNCATED_IMAGE' };

/** Bytes of the largest chunk, in which the pixels are. */
function pixelsOf(file: Buffer): { start: number; end: number } {
  let best = { start: 0, end: 0 };
  for (let at = 12; at + 8 <= file.length; ) {
    const length = file.readUInt32LE(at + 4);
    if (length > best.end - best.start) best = { start: at + 8, end: at + 8 + length };
    at += 8 + length + (length & 1);
  }
  return best;
}

describe.each(Object.entries(KINDS))('a WebP file %s', (_, make) => {
  // A sector of a disk. Codes fall into step again by themselves: of overwritten files a few end with the right number of bytes.
  it('passes whole and with bytes behind it, is refused where it is cut, and nearly always where it is overwritten', async () => {
    const file = await make().toBuffer();
    checkWebp(file);
    checkWebp(Buffer.concat([file, Buffer.from('junk')]));
    const { start, end } = pixelsOf(file);
    let found = 0;
    for (let i = 0; i < 30; i++) {
      const at = start + 40 + Math.floor(random() * (end - start - 700));
      expect(() => checkWebp(file.subarray(0, at))).toThrow(expect.objectContaining(refused));
      const over = Buffer.from(file);
      for (let k = 0; k < 512; k++) over[at + k] = i % 2 ? 0 : random() * 256;
      try {
        checkWebp(over);
      } catch (error) {
        expect(error).toMatchObject(refused);
        found++;
      }
    }
    expect(found).toBeGreaterThanOrEqual(26);
  });
});

it('a WebP file that was overwritten is refused as a picture, unless damaged ones are allowed', async () => {
  const file = await photo(240).webp().toBuffer();
  const { start, end } = pixelsOf(file);
  const over = Buffer.from(file).fill(0, (start + end) >> 1, ((start + end) >> 1) + 64);
  await expect(openEncoded(over)).rejects.toMatchObject(refused);
  expect((await (await openEncoded(over, true)).readRaster(8)).width).toBe(240);
});

it('an animation is judged by its first picture', async () => {
  const frames = await Promise.all([0, 90].map((angle) => photo(60).rotate(angle).resize(60, 60).png().toBuffer()));
  const file = await sharp(frames, { join: { animated: true } })
    .webp({ quality: 90 })
    .toBuffer();
  checkWebp(file);
  const first = file.indexOf('VP8 ') + 8;
  expect(() => checkWebp(Buffer.from(file).fill(0, first + 300, first + 500))).toThrow(
    expect.objectContaining(refused),
  );
});
