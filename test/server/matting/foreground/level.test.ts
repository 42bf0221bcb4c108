import { describe, expect, it } from 'vitest';
import { LevelWindow } from '../../../../server/matting/foreground/level.ts';
import { seeded } from '../../random.ts';

const level = { width: 61, height: 47 };
const whole = () => {
  const random = seeded(8);
  const window = new LevelWindow(level, { left: 0, top: 0, right: level.width, bottom: level.height });
  for (const values of [window.image, window.alpha, window.colors])
    for (let i = 0; i < values.length; i++) values[i] = random();
  return window;
};

describe('LevelWindow.relax', () => {
  it.each([false, true])('computes in a window exactly what the whole level would (certain: %s)', (certain) => {
    const before = whole();
    const after = whole();
    after.relax(2, certain);
    const halo = 4;
    for (const tile of [
      { left: 10, top: 7, right: 33, bottom: 30 },
      { left: 0, top: 20, right: 20, bottom: 47 },
      { left: 50, top: 0, right: 61, bottom: 9 },
    ]) {
      const bounds = {
        left: Math.max(0, tile.left - halo),
        top: Math.max(0, tile.top - halo),
        right: Math.min(level.width, tile.right + halo),
        bottom: Math.min(level.height, tile.bottom + halo),
      };
      const window = new LevelWindow(level, bounds);
      const columns = bounds.right - bounds.left;
      const copy = (from: Float32Array, to: Float32Array, step: number) => {
        for (let y = bounds.top; y < bounds.bottom; y++) {
          const start = (y * level.width + bounds.left) * step;
          to.set(from.subarray(start, start + columns * step), (y - bounds.top) * columns * step);
        }
      };
      copy(before.image, window.image, 3);
      copy(before.alpha, window.alpha, 1);
      copy(before.colors, window.colors, 6);
      window.relax(2, certain);
      for (let y = tile.top; y < tile.bottom; y++) {
        const from = 6 * ((y - bounds.top) * columns + tile.left - bounds.left);
        const want = 6 * (y * level.width + tile.left);
        const length = 6 * (tile.right - tile.left);
        expect(window.colors.subarray(from, from + length)).toEqual(after.colors.subarray(want, want + length));
      }
    }
  });

  it('solves the two-by-two system of a pixel without neighbors', () => {
    const window = new LevelWindow({ width: 1, height: 1 }, { left: 0, top: 0, right: 1, bottom: 1 });
    window.image.set([0.5, 0.2, 0.8]);
    window.alpha[0] = 0.5;
    window.colors.set([0.9, 0.3, 0.8, 0.1, 0.1, 0.8]);
    window.relax(10, false);
    for (let c = 0; c < 3; c++) {
      const mixed = (window.colors[c]! + window.colors[3 + c]!) / 2;
      expect(mixed).toBeCloseTo(window.image[c]!, 3);
      // The change is shared: each color moves as little as it can.
    }
    expect(window.colors[0]! - window.colors[3]!).toBeCloseTo(0.8, 3);
  });
});
