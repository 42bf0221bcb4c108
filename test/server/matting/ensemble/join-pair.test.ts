import { describe, expect, it } from 'vitest';
import { joinPair } from '../../../../server/matting/ensemble/join-pair.ts';
import { removeHaze } from '../../../../server/matting/ensemble/remove-haze.ts';
import type { CoarseAlpha } from '../../../../server/matting/grid/coarse-alpha.ts';

const SIDE = 256;
const draw = (value: (x: number, y: number) => number): CoarseAlpha => ({
  width: SIDE,
  height: SIDE,
  data: Float32Array.from({ length: SIDE * SIDE }, (_, i) => value(i % SIDE, Math.floor(i / SIDE))),
});
const disc = (cx: number, cy: number, r: number) => (x: number, y: number) =>
  Math.min(1, Math.max(0, r - Math.hypot(x - cx, y - cy) + 0.5));
const at = (x: number, y: number) => y * SIDE + x;
const person = disc(128, 128, 80);

describe('joinPair', () => {
  it('keeps what both say', () => {
    const opinion = draw(person);
    const { data } = joinPair(opinion, opinion);
    for (let i = 0; i < data.length; i++) expect(data[i]).toBeCloseTo(opinion.data[i]!, 5);
  });

  it('keeps the torso that the network of edges has lost', () => {
    const hollow = draw((x, y) => Math.max(0, person(x, y) - disc(128, 128, 30)(x, y)));
    expect(joinPair(draw(person), hollow).data[at(128, 128)]).toBeCloseTo(1, 5);
  });

  it('takes the edges of both, more of the one that draws them', () => {
    const strand = (x: number, y: number) => (Math.abs(y - 40) < 2 && x > 100 && x < 200 ? 1 : 0);
    const fine = draw((x, y) => Math.max(person(x, y), strand(x, y)));
    const value = joinPair(draw(person), fine).data[at(190, 40)]!;
    expect(value).toBeGreaterThan(0.5);
    expect(value).toBeLessThan(1);
    // The other way round it counts for less: that network is known for soft edges.
    expect(joinPair(fine, draw(person)).data[at(190, 40)]).toBeLessThan(value);
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
