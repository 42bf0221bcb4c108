import { describe, expect, it } from 'vitest';
import { joinPair } from '../../../../server/matting/ensemble/join-pair.ts';
import { removeHaze } from '../../../../server/matting/ensemble/remove-haze.ts';
import type { CoarseAlpha } from '../../../../server/matting/grid/coarse-alpha.ts';

const SIDE = 512;
const draw = (value: (x: number, y: number) => number): CoarseAlpha => ({
  width: SIDE,
  height: SIDE,
  data: Float32Array.from({ length: SIDE * SIDE }, (_, i) => value(i % SIDE, Math.floor(i / SIDE))),
});
const disc = (cx: number, cy: number, r: number) => (x: number, y: number) =>
  Math.min(1, Math.max(0, r - Math.hypot(x - cx, y - cy) + 0.5));
const at = (x: number, y: number) => y * SIDE + x;
const person = disc(150, 150, 100);

describe('joinPair', () => {
  it('keeps what both say', () => {
    const opinion = draw(person);
    const { data } = joinPair(opinion, opinion);
    const apart = data.reduce((most, value, i) => Math.max(most, Math.abs(value - opinion.data[i]!)), 0);
    expect(apart).toBeLessThan(1e-6);
  });

  it('takes a strand from the near view where both agree about the person', () => {
    const strand = (x: number, y: number) => (Math.abs(y - 40) < 1 && x > 100 && x < 220 ? 0.9 : 0);
    const near = draw((x, y) => Math.max(person(x, y), strand(x, y)));
    expect(joinPair(draw(person), near).data[at(215, 40)]).toBeGreaterThan(0.75);
    // From afar it could be anything.
    expect(joinPair(near, draw(person)).data[at(215, 40)]).toBeLessThan(0.15);
  });

  it('takes the mean where one sees a person and the other does not', () => {
    const neighbor = disc(400, 400, 90);
    const withNeighbor = draw((x, y) => Math.max(person(x, y), neighbor(x, y)));
    for (const { data } of [joinPair(draw(person), withNeighbor), joinPair(withNeighbor, draw(person))]) {
      expect(data[at(400, 400)]).toBeCloseTo(0.5, 2);
      expect(data[at(120, 150)]).toBeCloseTo(1, 2);
    }
  });

  it('stays between the two opinions', () => {
    const other = disc(100, 150, 70);
    const { data } = joinPair(draw(person), draw(other));
    for (let i = 0; i < data.length; i++) {
      const [a, b] = [person(i % SIDE, Math.floor(i / SIDE)), other(i % SIDE, Math.floor(i / SIDE))];
      if (data[i]! < Math.min(a, b) - 1e-6 || data[i]! > Math.max(a, b) + 1e-6) expect.fail(`${data[i]} at ${i}`);
    }
  });
});

describe('removeHaze', () => {
  it('leaves the ends and the order, and moves the middle by less than the haze', () => {
    const ramp = draw((x) => x / (SIDE - 1));
    const row = removeHaze(ramp).data.subarray(0, SIDE);
    expect([row[0], row[SIDE - 1]]).toEqual([0, 1]);
    for (let x = 1; x < SIDE; x++) {
      expect(row[x]).toBeGreaterThanOrEqual(row[x - 1]!);
      expect(x / (SIDE - 1) - row[x]!).toBeLessThanOrEqual(0.2 + 1e-6);
    }
    expect(row[Math.floor(0.19 * SIDE)]).toBe(0);
  });
});
