import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMatte, HairlineError, openHairline } from '../../../server/library/library.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';

/** Its alpha is the mean of red, green and blue. */
const { spec, onnx } = buildStandIn(8);
let folder: string;
let picture: Buffer;
const options = () => ({
  device: 'cpu' as const,
  model: spec.id,
  cacheDir: path.join(folder, 'cache'),
  modelsDirs: [path.join(folder, 'specs')],
});

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'hairline-library-'));
  for (const [place, name, content] of [
    ['specs', 'model.json', JSON.stringify(spec)],
    [path.join('cache', 'models'), spec.weights.file, onnx],
  ] as const) {
    mkdirSync(path.join(folder, place, spec.id), { recursive: true });
    writeFileSync(path.join(folder, place, spec.id, name), content);
  }
  picture = await sharp({ create: { width: 40, height: 30, channels: 3, background: { r: 200, g: 100, b: 60 } } })
    .png()
    .toBuffer();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('hairline as a library', () => {
  it('gives the matte of a file as PNG', async () => {
    const file = path.join(folder, 'é.png');
    writeFileSync(file, picture);
    const { bytes, ...facts } = await createMatte(file, options());
    expect(facts).toEqual({ width: 40, height: 30, model: spec.id, provider: 'cpu', hasSubject: true });
    const { channels, data } = await sharp(bytes)
      .extractChannel(0)
      .raw()
      .toBuffer({ resolveWithObject: true })
      .then(({ data, info }) => ({ channels: info.channels, data }));
    expect(channels).toBe(1);
    expect(Math.abs(data[0]! - 120)).toBeLessThanOrEqual(1);
  });

  it('gives raw samples of 16 bits, and other outputs, from bytes', async () => {
    const hairline = await openHairline(options());
    try {
      const raw = await hairline.matte(picture, { format: 'raw', depth: 16 });
      expect(raw.bytes).toHaveLength(40 * 30 * 2);
      expect(Math.abs(raw.bytes.readUInt16LE(0) - (120 / 255) * 65535)).toBeLessThan(130);
      const cutout = await hairline.matte(picture, { output: 'cutout', format: 'raw' });
      expect(cutout.bytes).toHaveLength(40 * 30 * 4);
    } finally {
      await hairline.close();
    }
  });

  it('fails with a code and a hint', async () => {
    const failure = await createMatte(Buffer.from('no picture at all'), options()).catch((error) => error);
    expect(failure).toBeInstanceOf(HairlineError);
    expect(failure).toMatchObject({ code: 'NOT_AN_IMAGE', hint: expect.stringContaining('JPEG') });
    await expect(createMatte(path.join(folder, 'missing.png'), options())).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(createMatte(picture, { ...options(), model: 'nonesuch' })).rejects.toMatchObject({
      code: 'UNKNOWN_MODEL',
    });
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(createMatte(picture, { ...options(), signal })).rejects.toThrow('enough');
  });
});
