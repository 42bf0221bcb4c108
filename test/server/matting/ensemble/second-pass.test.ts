import { describe, expect, it } from 'vitest';
import { findSecondPass, runSecondPass } from '../../../../server/matting/ensemble/second-pass.ts';
import type { CoarseAlpha } from '../../../../server/matting/grid/coarse-alpha.ts';

const SIDE = 64;
const PICTURE = { width: 640, height: 640 };

/** Solid boxes, `[left, top, right, bottom]`, on a square grid. */
const solid = (...boxes: [number, number, number, number][]): CoarseAlpha => {
  const data = new Float32Array(SIDE * SIDE);
  for (const [left, top, right, bottom] of boxes) {
    for (let y = top; y < bottom; y++) data.fill(1, y * SIDE + left, y * SIDE + right);
  }
  return { width: SIDE, height: SIDE, data };
};
const flat = (value: number, width = SIDE, height = SIDE): CoarseAlpha => ({
  width,
  height,
  data: new Float32Array(width * height).fill(value),
});

describe('findSecondPass', () => {
  it('frames a small person with some room', () => {
    expect(findSecondPass(solid([20, 20, 30, 40]), PICTURE)).toEqual({ left: 190, top: 180, width: 120, height: 240 });
  });

  it('stays inside the picture', () => {
    expect(findSecondPass(solid([0, 44, 20, 64]), PICTURE)).toEqual({ left: 0, top: 420, width: 220, height: 220 });
  });

  it('passes over specks, but keeps a second person', () => {
    const person = [20, 20, 30, 40] as [number, number, number, number];
    expect(findSecondPass(solid(person, [60, 60, 62, 62]), PICTURE)).toEqual(findSecondPass(solid(person), PICTURE));
    expect(findSecondPass(solid(person, [40, 20, 50, 40]), PICTURE)).toEqual({
      left: 170,
      top: 180,
      width: 360,
      height: 240,
    });
  });

  it('needs no second pass if the person fills the picture, or there is none', () => {
    expect(findSecondPass(solid([2, 2, 60, 60]), PICTURE)).toBeNull();
    expect(findSecondPass(flat(0), PICTURE)).toBeNull();
    expect(findSecondPass(flat(0.5), PICTURE)).toBeNull();
  });
});

describe('runSecondPass', () => {
  const region = { left: 160, top: 0, width: 320, height: 320 };
  const looks = (whole: number, near: number) => ({
    whole: [flat(whole), flat(whole), flat(whole)],
    wholeEdges: [1, 2],
    near: [flat(near, 32, 32), flat(near, 32, 32)],
  });

  it('answers on a grid on which the region has the resolution of the whole', () => {
    const { width, height } = runSecondPass(flat(0.25), looks(0.25, 0.25), region, PICTURE);
    expect([width, height]).toEqual([2 * SIDE, 2 * SIDE]);
  });

  it('does not go beyond the pixels of the picture', () => {
    const small = { width: 80, height: 80 };
    const { width } = runSecondPass(flat(0), looks(0, 0), { left: 20, top: 0, width: 40, height: 40 }, small);
    expect(width).toBe(80);
  });

  it('changes the region only, with a soft border except along the picture', () => {
    const first = flat(0);
    const { width, data } = runSecondPass(first, looks(1, 1), region, PICTURE);
    expect(data[10 * width + 10]).toBe(0);
    expect(data[100 * width + 64]).toBe(0);
    expect(data[30 * width + 64]).toBeCloseTo(1, 5);
    expect(data[64]).toBeCloseTo(1, 5);
    const edge = data[30 * width + 32]!;
    expect(edge).toBeGreaterThan(0);
    expect(edge).toBeLessThan(0.5);
    expect(first.data.every((value) => value === 0)).toBe(true);
  });

  it('trusts the majority where the second look lost the person', () => {
    const { width, data } = runSecondPass(flat(1), looks(1, 0), region, PICTURE);
    expect(data[30 * width + 64]).toBeCloseTo(1, 5);
  });
});
