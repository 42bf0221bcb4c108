import { describe, expect, test } from 'vitest';
import { REFINEMENTS } from '../../../../protocol/matte.ts';
import { findConsensus } from '../../../../server/matting/ensemble/consensus.ts';
import type { CoarseAlpha } from '../../../../server/matting/grid/coarse-alpha.ts';
import { resampleAlpha } from '../../../../server/matting/grid/resample.ts';
import { planStages, planViews } from '../../../../server/matting/views.ts';

const SIDE = 256;
const draw = (value: (x: number, y: number) => number, width = SIDE, height = SIDE): CoarseAlpha => ({
  width,
  height,
  data: Float32Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width))),
});
const disc = (cx: number, cy: number, r: number) => (x: number, y: number) =>
  Math.min(1, Math.max(0, r - Math.hypot(x - cx, y - cy) + 0.5));

describe('findConsensus', () => {
  const person = disc(100, 128, 60);

  test('one opinion held by all is kept as it is', () => {
    const opinion = draw(person);
    const { data } = findConsensus([opinion, opinion, opinion], [1, 2]);
    for (let i = 0; i < data.length; i++) expect(data[i]).toBeCloseTo(opinion.data[i]!, 5);
  });

  test('what one opinion alone adds or loses does not count', () => {
    const chair = disc(206, 206, 40);
    const right = draw(person);
    const withChair = draw((x, y) => Math.max(person(x, y), chair(x, y)));
    const withHole = draw((x, y) => Math.max(0, person(x, y) - disc(100, 128, 40)(x, y)));
    const { data } = findConsensus([right, withChair, withHole], [1, 2]);
    expect(data[225 * SIDE + 225]).toBeLessThan(0.01);
    expect(data[128 * SIDE + 100]).toBeGreaterThan(0.99);
  });

  test('a strand comes from the edge opinion that is right about the person', () => {
    const strand = (x: number, y: number) => (Math.abs(y - 60) < 2 && x > 100 && x < 180 ? 0.6 : 0);
    const fine = draw((x, y) => Math.max(person(x, y), strand(x, y)));
    const soft = draw(person);
    const lost = draw(() => 0);
    const { data } = findConsensus([soft, fine, lost], [1, 2]);
    // The median has no strand; the trusted edge opinion brings it back.
    expect(data[60 * SIDE + 150]).toBeGreaterThan(0.3);
  });

  test('stays within 0 and 1 and is defined where all edge opinions are far off', () => {
    const { data } = findConsensus([draw(() => 0), draw(() => 1), draw(() => 0)], [1]);
    for (const value of data) expect(value >= 0 && value <= 1).toBe(true);
  });
});

describe('resampleAlpha', () => {
  test('keeps constants, mirrors and the center of a disc', () => {
    const flat = resampleAlpha(
      draw(() => 0.3, 20, 30),
      47,
      11,
    );
    for (const value of flat.data) expect(value).toBeCloseTo(0.3, 6);
    const wide = resampleAlpha(draw(disc(64, 64, 30), 129, 129), 258, 200);
    const sum = { mass: 0, x: 0, y: 0 };
    wide.data.forEach((value, i) => {
      sum.mass += value;
      sum.x += value * ((i % 258) + 0.5);
      sum.y += value * (Math.floor(i / 258) + 0.5);
    });
    expect(sum.x / sum.mass).toBeCloseTo((64.5 * 258) / 129, 2);
    expect(sum.y / sum.mass).toBeCloseTo((64.5 * 200) / 129, 2);
  });

  test('returns the same plane when nothing changes', () => {
    const plane = draw(() => 1, 5, 5);
    expect(resampleAlpha(plane, 5, 5)).toBe(plane);
  });
});

test('only portraits of RVM and BSHM take several views', () => {
  expect(planViews('bshm', 'portrait', 'fast')).toEqual([{ model: 'bshm' }]);
  expect(planViews('bshm', 'portrait', 'best')).toEqual(planViews('rvm', 'portrait', 'best'));
  expect(planViews('rvm', 'portrait', 'best').length).toBeGreaterThanOrEqual(3);
  expect(planViews('rvm', 'portrait', 'fast')).toHaveLength(2);
  for (const refine of REFINEMENTS) {
    expect(planViews('modnet', 'portrait', refine)).toEqual([{ model: 'modnet' }]);
    expect(planViews('isnet', 'object', refine)).toEqual([{ model: 'isnet' }]);
  }
});

test('a view alone gets edges from the colors, unless it has to be fast', () => {
  expect(planStages(1, 'best')).toEqual({ guide: true });
  expect(planStages(1, 'fast')).toEqual({});
});
