import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { RAW_TYPE } from '../../../protocol/matte.ts';
import { encodePixels, WHOLE_BYTES } from '../../../server/engine/encode-answer.ts';
import type { RasterStream } from '../../../server/imaging/picture.ts';

const WIDTH = 1024;
const ROWS = 256;

/** Every strip is written over the one before, as those of a cut-out are. */
function drawStrips(height: number, depth: 8 | 16): RasterStream {
  return { width: WIDTH, height, channels: 4, depth, strips: strips() };

  async function* strips() {
    const room = depth === 16 ? new Uint16Array(WIDTH * ROWS * 4) : new Uint8Array(WIDTH * ROWS * 4);
    for (let top = 0; top < height; top += ROWS) {
      const tall = Math.min(ROWS, height - top);
      const data = room.fill(1 + top / ROWS).subarray(0, WIDTH * tall * 4);
      yield { top, width: WIDTH, height: tall, channels: 4 as const, data };
    }
  }
}

describe('raw colors', () => {
  it.each([8, 16] as const)(
    'of %i bits are streamed where they are large, each strip as it was made',
    async (depth) => {
      const height = WHOLE_BYTES / (WIDTH * 4 * (depth / 8)) + 100;
      const { headers, body } = await encodePixels(drawStrips(height, depth), RAW_TYPE);
      expect(Buffer.isBuffer(body)).toBe(false);
      // Read later than sent, as a slow client does.
      const bytes = await buffer(body as Readable);
      expect(headers['content-length']).toBe(bytes.length);
      expect(bytes.length).toBe((WIDTH * height * 4 * depth) / 8);
      const line = (WIDTH * 4 * depth) / 8;
      for (let y = 0; y < height; y++) {
        const wanted = 1 + Math.floor(y / ROWS);
        const [first, last] = [bytes[y * line], bytes[(y + 1) * line - depth / 8]];
        if (first !== wanted || last !== wanted) expect.fail(`row ${y} is ${first} to ${last}, not ${wanted}`);
      }
    },
  );

  it('are finished before they are sent where they are small', async () => {
    const { body } = await encodePixels(drawStrips(300, 8), RAW_TYPE);
    expect(Buffer.isBuffer(body)).toBe(true);
    expect((body as Buffer).at(-1)).toBe(2);
  });

  it('that fail half-way break off', async () => {
    const broken = drawStrips(WHOLE_BYTES / (WIDTH * 4) + 1, 8);
    const strips = (async function* () {
      for await (const strip of broken.strips) {
        if (strip.top > ROWS) throw new Error('damaged');
        yield strip;
      }
    })();
    const { body } = await encodePixels({ ...broken, strips }, RAW_TYPE);
    await expect(buffer(body as Readable)).rejects.toThrow('damaged');
  });
});
