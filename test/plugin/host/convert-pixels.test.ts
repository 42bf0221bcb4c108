import { expect, test } from 'vitest';
import { toEightBitRgb } from '../../../plugin/host/convert-pixels.ts';

test('8-bit RGB and RGBA pass without a copy', () => {
  for (const components of [3, 4]) {
    const samples = new Uint8Array(components * 2);
    expect(toEightBitRgb(samples, components)).toEqual({ channels: components, depth: 8, data: samples });
    expect(toEightBitRgb(samples, components).data).toBe(samples);
  }
});

test('16-bit samples are full range, and do not wrap', () => {
  const samples = new Uint16Array([0, 257, 32896, 65535]);
  expect(toEightBitRgb(samples, 4)).toEqual({ channels: 4, depth: 8, data: new Uint8Array([0, 1, 128, 255]) });
});

test('32-bit light is encoded as sRGB and clamped; alpha is not light', () => {
  const samples = new Float32Array([0.2140411, -1, 7, 0.5, Number.NaN, 1, 0, 2]);
  expect([...toEightBitRgb(samples, 4).data]).toEqual([127, 0, 255, 128, 0, 255, 0, 255]);
});

test('gray becomes color, with its alpha if it has one', () => {
  expect([...toEightBitRgb(new Uint8Array([7, 9]), 1).data]).toEqual([7, 7, 7, 9, 9, 9]);
  expect(toEightBitRgb(new Uint8Array([7, 200]), 2)).toEqual({
    channels: 4,
    depth: 8,
    data: new Uint8Array([7, 7, 7, 200]),
  });
});
