import { expect, test } from 'vitest';
import { cutStrips, findDifference } from '../../../plugin/host/compare-mask.ts';
import type { Alpha } from '../../../plugin/picture.ts';

const bytes: Alpha = { width: 3, height: 2, depth: 8, data: new Uint8Array([0, 1, 2, 128, 254, 255]) };

test('a mask equals itself, at whatever depth Photoshop answers', () => {
  const whole = { left: 0, top: 0, width: 3, height: 2 };
  const words = Uint16Array.from(bytes.data, (value) => value * 257);
  const floats = Float32Array.from(bytes.data, (value) => value / 255);
  for (const samples of [bytes.data, words, floats]) expect(findDifference(bytes, { ...whole, samples })).toBeNull();
  const fine: Alpha = { ...bytes, depth: 16, data: new Uint16Array([0, 300, 500, 33000, 65300, 65535]) };
  const rounded = Uint8Array.from(fine.data, (value) => Math.round(value / 257));
  expect(findDifference(fine, { ...whole, samples: rounded })).toBeNull();
});

test('one 255th is forgiven, two are not, and the place is named', () => {
  const part = { left: 1, top: 1, width: 2, height: 1 };
  expect(findDifference(bytes, { ...part, samples: new Uint8Array([253, 255]) })).toBeNull();
  expect(findDifference(bytes, { ...part, samples: new Uint8Array([254, 253]) })).toBe('pixel 2, 1 is off by -2.0/255');
});

test('strips cover every row once, and no strip is large', () => {
  for (const [width, height] of [
    [1, 1],
    [6000, 4000],
    [30_000, 100],
    [7, 30_000],
  ] as const) {
    const strips = cutStrips(width, height);
    expect(strips[0]?.top).toBe(0);
    expect(strips.at(-1)?.bottom).toBe(height);
    strips.forEach((strip, index) => {
      expect(strip.top).toBe(index === 0 ? 0 : strips[index - 1]!.bottom);
      expect((strip.bottom - strip.top) * width).toBeLessThanOrEqual(1 << 20);
    });
  }
});
