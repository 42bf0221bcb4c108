import { describe, expect, it } from 'vitest';
import { reduceSamples, toEightBits, toPlane16 } from '../../../../server/matting/edge/plane.ts';
import { upsampleAlpha } from '../../../../server/matting/grid/upsample.ts';
import { seeded } from '../../random.ts';

describe('toEightBits', () => {
  it('is the nearest value for every 16-bit value', () => {
    const data = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const eight = toEightBits({ width: 256, height: 256, data }).data;
    for (let i = 0; i < 65536; i++) if (eight[i] !== Math.round(i / 257)) expect.fail(`at ${i}`);
  });

  it('gives what rounding the network output once would', async () => {
    const random = seeded(9);
    const coarse = { width: 64, height: 48, data: Float32Array.from({ length: 64 * 48 }, random) };
    const sixteen = toPlane16(await upsampleAlpha(coarse, 1500, 1100, 16));
    const eight = await upsampleAlpha(coarse, 1500, 1100, 8);
    expect(Buffer.compare(toEightBits(sixteen).data as Uint8Array, eight.data as Uint8Array)).toBe(0);
  });
});

describe('reduceSamples', () => {
  it('takes the mean of what an output pixel covers', () => {
    const source = { width: 4, height: 2, data: Uint16Array.of(0, 100, 200, 300, 400, 500, 600, 700) };
    expect([...reduceSamples(source, 1, 2, 1)]).toEqual([250, 450]);
    const three = { width: 3, height: 1, data: Uint16Array.of(0, 300, 900) };
    expect([...reduceSamples(three, 1, 2, 1)]).toEqual([100, 700]);
    expect([...reduceSamples(three, 1, 3, 1)]).toEqual([0, 300, 900]);
    const pairs = { width: 2, height: 1, data: Uint8Array.of(1, 10, 2, 20) };
    expect([...reduceSamples(pairs, 2, 1, 1)]).toEqual([2, 15]);
  });

  it.each([
    [97, 61],
    [33, 100],
    [1, 1],
    [100, 99],
  ])('keeps what is flat, and the mean, at %d x %d', (width, height) => {
    const random = seeded(4);
    const noise = Uint16Array.from({ length: 10_000 }, () => random() * 65536);
    const mean = (values: Uint16Array) => values.reduce((a, b) => a + b, 0) / values.length;
    const reduced = reduceSamples({ width: 100, height: 100, data: noise }, 1, width, height);
    expect(Math.abs(mean(reduced) - mean(noise))).toBeLessThan(1);
    const solid = new Uint16Array(10_000).fill(65535);
    expect(reduceSamples({ width: 100, height: 100, data: solid }, 1, width, height).every((v) => v === 65535)).toBe(
      true,
    );
  });
});
