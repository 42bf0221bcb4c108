import { expect, test } from 'vitest';
import { hasSubject, placeAlpha } from '../../../plugin/commands/place-alpha.ts';
import type { Alpha } from '../../../plugin/picture.ts';

/** A small fixed-seed generator, so that a failure can be repeated. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return Math.floor((state / 4294967296) * below);
  };
}

test('every pixel lands where it belongs and nowhere else, whatever sticks out', () => {
  const random = createRandom(1);
  for (let round = 0; round < 300; round++) {
    const [width, height] = [1 + random(12), 1 + random(12)];
    const [canvasWidth, canvasHeight] = [1 + random(12), 1 + random(12)];
    const [left, top] = [random(30) - 15, random(30) - 15];
    const depth = random(2) === 0 ? 8 : 16;
    const values = Array.from({ length: width * height }, () => 1 + random(255));
    const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
    const placed = placeAlpha({ width, height, depth, data }, left, top, canvasWidth, canvasHeight);
    expect(placed).toMatchObject({ width: canvasWidth, height: canvasHeight, depth });
    expect(placed.data.length).toBe(canvasWidth * canvasHeight);
    for (let y = 0; y < canvasHeight; y++) {
      for (let x = 0; x < canvasWidth; x++) {
        const [u, v] = [x - left, y - top];
        const inside = u >= 0 && v >= 0 && u < width && v < height;
        expect(placed.data[y * canvasWidth + x]).toBe(inside ? values[v * width + u] : 0);
      }
    }
  }
});

test('does not copy a matte that is the whole canvas', () => {
  const alpha: Alpha = { width: 3, height: 2, depth: 8, data: new Uint8Array(6) };
  expect(placeAlpha(alpha, 0, 0, 3, 2)).toBe(alpha);
});

test('a faint matte is no subject, one clear pixel is', () => {
  const data = new Uint16Array(100).fill(3000);
  expect(hasSubject({ width: 10, height: 10, depth: 16, data })).toBe(false);
  data[99] = 40_000;
  expect(hasSubject({ width: 10, height: 10, depth: 16, data })).toBe(true);
  expect(hasSubject({ width: 1, height: 1, depth: 8, data: new Uint8Array([12]) })).toBe(false);
});
