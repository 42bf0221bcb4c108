import { describe, expect, it } from 'vitest';
import type { Raster, Strip } from '../../../../server/imaging/picture.ts';
import { fitColor, GuidedRows } from '../../../../server/matting/grid/guided.ts';
import { upsampleAlpha } from '../../../../server/matting/grid/upsample.ts';

const SCALE = 8;
const SIDE = 16;

/** Left of column `edge` blue, right of it orange. */
const paint = (side: number, edge: number): Raster => {
  const data = new Uint8Array(3 * side * side);
  for (let i = 0; i < side * side; i++) data.set(i % side < edge ? [20, 40, 200] : [230, 140, 30], 3 * i);
  return { width: side, height: side, channels: 3, data };
};
const blurred = (edge: number, softness: number) => {
  const data = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.min(1, Math.max(0, ((i % SIDE) + 0.5 - edge) / softness + 0.5));
  }
  return { width: SIDE, height: SIDE, data };
};
const guide = (edge: number, options?: { radius: number; epsilon: number }) => ({
  fit: fitColor(blurred(edge, 4), paint(SIDE, edge).data as Uint8Array, options),
  strips: [{ ...paint(SIDE * SCALE, edge * SCALE), top: 0 }],
});

describe('color guide', () => {
  it('draws an edge where the colors have it, at the size of the picture', async () => {
    const size = SIDE * SCALE;
    const plain = await upsampleAlpha(blurred(8, 4), size, size, 8);
    const guided = await upsampleAlpha(blurred(8, 4), size, size, 8, guide(8));
    const row = size * (size >> 1);
    const step = (data: ArrayLike<number>) => data[row + 8 * SCALE]! - data[row + 8 * SCALE - 1]!;
    expect(step(plain.data)).toBeLessThan(12);
    expect(step(guided.data)).toBeGreaterThan(100);
    expect(guided.data[row]).toBe(0);
    expect(guided.data[row + size - 1]).toBe(255);
  });

  it.each([1, 7, 64, 127])('comes out the same in strips of %i rows', async (rows) => {
    const size = SIDE * SCALE;
    const whole = guide(8);
    const [picture] = whole.strips;
    const strips: Strip[] = [];
    for (let top = 0; top < size; top += rows) {
      const data = picture!.data.subarray(3 * size * top, 3 * size * (top + rows));
      strips.push({ ...picture!, top, height: data.length / 3 / size, data });
    }
    const once = await upsampleAlpha(blurred(8, 4), size, size, 16, whole);
    const parts = await upsampleAlpha(blurred(8, 4), size, size, 16, { ...whole, strips });
    expect(parts.data).toEqual(once.data);
  });

  it('keeps what the colors do not explain', () => {
    const gray = new Uint8Array(3 * SIDE * SIDE).fill(99);
    const alpha = blurred(8, 4);
    const { data } = fitColor(alpha, gray, { radius: 1, epsilon: 1e-4 });
    const center = 8 * SIDE + 8;
    for (const slope of data.subarray(4 * center, 4 * center + 3)) expect(slope).toBeCloseTo(0, 9);
    expect(data[4 * center + 3]).toBeCloseTo(alpha.data[center]!, 5);
  });

  it('recovers alpha that is a linear function of color', () => {
    const rgb = new Uint8Array(3 * SIDE * SIDE);
    let seed = 1;
    for (let i = 0; i < rgb.length; i++) {
      seed = (seed * 16807) % 2147483647;
      rgb[i] = seed & 255;
    }
    const of = (i: number) => (0.3 * rgb[3 * i]! + 0.2 * rgb[3 * i + 1]! + 0.4 * rgb[3 * i + 2]!) / 255 + 0.05;
    const alpha = { width: SIDE, height: SIDE, data: Float32Array.from({ length: SIDE * SIDE }, (_, i) => of(i)) };
    const strip: Strip = { top: 0, width: SIDE, height: SIDE, channels: 3, data: rgb };
    const rows = new GuidedRows(fitColor(alpha, rgb, { radius: 2, epsilon: 1e-9 }), SIDE, SIDE);
    const found = new Float64Array(1);
    for (const [x, y] of [
      [0, 0],
      [7, 9],
      [SIDE - 1, SIDE - 1],
    ] as const) {
      rows.read(strip, y, x, x + 1, found);
      expect(found[0]).toBeCloseTo(of(y * SIDE + x), 4);
    }
  });

  it('sees transparent pixels as the networks did, over mid-gray', () => {
    const fit = { width: 1, height: 1, data: Float32Array.of(0.5, 0.25, 0.25, 0) };
    const read = (alpha: number) => {
      const data = Uint8Array.of(255, 255, 255, alpha);
      const found = new Float64Array(1);
      new GuidedRows(fit, 1, 1).read({ top: 0, width: 1, height: 1, channels: 4, data }, 0, 0, 1, found);
      return found[0];
    };
    expect(read(255)).toBeCloseTo(1, 6);
    expect(read(0)).toBeCloseTo(128 / 255, 6);
  });
});
