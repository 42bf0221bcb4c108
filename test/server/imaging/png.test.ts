import { describe, expect, it } from 'vitest';
import { openEncoded } from '../../../server/imaging/codec.ts';
import type { RasterStream, Strip } from '../../../server/imaging/picture.ts';
import { packPng } from '../../../server/imaging/png.ts';
import { seeded } from '../random.ts';

const [WIDTH, HEIGHT] = [613, 211];

function stream(depth: 8 | 16, channels: 3 | 4, rows: number) {
  const random = seeded(depth + channels);
  const max = depth === 16 ? 65536 : 256;
  const size = WIDTH * HEIGHT * channels;
  const data = (depth === 16 ? new Uint16Array(size) : new Uint8Array(size)).map(() => Math.floor(max * random()));
  async function* cut(): AsyncGenerator<Strip> {
    for (let top = 0; top < HEIGHT; top += rows) {
      const height = Math.min(rows, HEIGHT - top);
      const part = data.subarray(top * WIDTH * channels, (top + height) * WIDTH * channels);
      yield { top, width: WIDTH, height, channels, data: part };
    }
  }
  const raster: RasterStream = { width: WIDTH, height: HEIGHT, channels, depth, strips: cut() };
  return { data, raster };
}

describe('packPng', () => {
  it.each([
    [8, 3],
    [8, 4],
    [16, 3],
    [16, 4],
  ] as const)('writes what came in strips, %i bits and %i channels', async (depth, channels) => {
    for (const rows of [1, 64, HEIGHT]) {
      const { data, raster } = stream(depth, channels, rows);
      const picture = await openEncoded(Buffer.concat(await packPng(raster)));
      expect([picture.width, picture.height, picture.hasAlpha]).toEqual([WIDTH, HEIGHT, channels === 4]);
      const read = await picture.readRaster(depth);
      expect(Buffer.compare(bytesOf(read.data), bytesOf(data))).toBe(0);
    }
  });

  it('fails as the strips do', async () => {
    const { raster } = stream(8, 3, 1);
    async function* breakOff(): AsyncGenerator<Strip> {
      for await (const strip of raster.strips) {
        if (strip.top === 50) throw new Error('cancelled');
        yield strip;
      }
    }
    await expect(packPng({ ...raster, strips: breakOff() })).rejects.toThrow('cancelled');
  });
});

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
