import { describe, expect, it } from 'vitest';
import type { CoarseAlpha } from '../../../../server/matting/grid/coarse-alpha.ts';
import { upsampleAlpha } from '../../../../server/matting/grid/upsample.ts';
import { chooseSubject, keepSubject } from '../../../../server/matting/subjects/choose-subject.ts';
import { findBodies, findLargest, findNearest } from '../../../../server/matting/subjects/split-subjects.ts';
import { Pace } from '../../../../server/matting/yield-often.ts';
import { seeded } from '../../random.ts';

const SIDE = 96;

interface Disc {
  x: number;
  y: number;
  /** Solid to here, then falling to 0. */
  radius: number;
  hair?: number;
}

/** Discs with soft rims on a square grid; where two overlap, the denser one shows. */
const draw = (...discs: Disc[]): CoarseAlpha => {
  const data = new Float32Array(SIDE * SIDE).map((_, i) =>
    discs.reduce((most, { x, y, radius, hair = 4 }) => {
      const beyond = Math.hypot((i % SIDE) - x, Math.floor(i / SIDE) - y) - radius;
      return Math.max(most, Math.min(1, Math.max(0, 1 - beyond / hair)));
    }, 0),
  );
  return { width: SIDE, height: SIDE, data };
};
const at = (x: number, y: number) => y * SIDE + x;
const big: Disc = { x: 25, y: 40, radius: 14, hair: 8 };
const small: Disc = { x: 72, y: 50, radius: 9, hair: 8 };
const picture = { width: 4 * SIDE, height: 4 * SIDE };

describe('findBodies', () => {
  it('finds people side by side, and the soft rim of each', () => {
    const alpha = draw(big, small);
    const { labels, masses } = findBodies(alpha);
    expect(masses).toHaveLength(3);
    expect(labels[at(25, 40)]).toBe(labels[at(25, 20)]);
    expect(labels[at(72, 50)]).toBe(labels[at(72, 64)]);
    expect(labels[at(25, 40)]).not.toBe(labels[at(72, 50)]);
    expect(masses.reduce((sum, mass) => sum + mass)).toBeCloseTo(
      alpha.data.reduce((sum, value) => sum + value),
      3,
    );
  });

  it('parts people whose hair touches along the faintest line', () => {
    const alpha = draw({ x: 25, y: 48, radius: 12, hair: 18 }, { x: 71, y: 48, radius: 12, hair: 18 });
    expect(alpha.data[at(48, 48)]).toBeGreaterThan(0.2);
    const { labels, masses } = findBodies(alpha);
    expect(masses).toHaveLength(3);
    for (let y = 30; y < 66; y++) {
      expect([labels[at(45, y)], labels[at(51, y)]]).toEqual([labels[at(25, 48)], labels[at(71, 48)]]);
    }
  });

  it('counts a lock that hangs together through soft hair to the person, and what lies apart not', () => {
    const lock: Disc = { x: 25, y: 13, radius: 2, hair: 4 };
    expect(findBodies(draw(big, lock)).masses).toHaveLength(2);
    expect(findBodies(draw(big, { ...lock, x: 80 })).masses).toHaveLength(3);
  });

  it('knows a body that is soft all over', () => {
    const veil = { ...draw(big), data: draw(big).data.map((value) => 0.4 * value) };
    expect(findBodies(veil).masses).toHaveLength(2);
  });

  it('finds no subject in an empty matte', () => {
    const bodies = findBodies(draw());
    expect([...bodies.masses]).toEqual([0]);
    expect(findLargest(bodies)).toBe(0);
    expect(findNearest(bodies, draw(), 3, 3)).toBe(0);
  });

  it('leaves no sample without a body, whatever the matte, and says the same again', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const next = seeded(seed);
      const discs = Array.from({ length: 6 }, () => ({ x: SIDE * next(), y: SIDE * next(), radius: 9 * next() }));
      const noisy = draw(...discs);
      noisy.data.forEach((value, i) => {
        noisy.data[i] = Math.min(1, value * (0.6 + 0.8 * next()));
      });
      const { labels, masses } = findBodies(noisy);
      expect(labels.every((label) => label > 0 && label < masses.length)).toBe(true);
      expect(findBodies(noisy)).toEqual({ labels, masses });
    }
  });
});

describe('chooseSubject', () => {
  const alpha = draw(big, small);
  const choose = (choice: Parameters<typeof chooseSubject>[1]) => chooseSubject(alpha, choice, picture);

  it('has nothing to do where all stay, or where one body is all there is', () => {
    expect(choose({ subjects: 'all' })).toBeNull();
    expect(chooseSubject(draw(big), { subjects: 'largest' }, picture)).toBeNull();
    expect(chooseSubject(draw(), { subjects: 'point', point: { x: 1, y: 1 } }, picture)).toBeNull();
  });

  it('keeps the largest', () => {
    const mask = choose({ subjects: 'largest' })!;
    expect([mask.data[at(25, 40)], mask.data[at(72, 50)]]).toEqual([1, 0]);
  });

  it('keeps the one at a point of the picture, or the nearest to it', () => {
    // The picture has four times the grid's resolution.
    for (const [x, y] of [
      [288, 200],
      [300, 262],
      [380, 380],
      [210, 200],
    ] as const) {
      const mask = choose({ subjects: 'point', point: { x, y } })!;
      expect([mask.data[at(25, 40)], mask.data[at(72, 50)]]).toEqual([0, 1]);
    }
    expect(choose({ subjects: 'point', point: { x: 0, y: 0 } })!.data[at(25, 40)]).toBe(1);
  });
});

describe('keepSubject', () => {
  const touching = draw({ x: 25, y: 48, radius: 12, hair: 18 }, { x: 71, y: 48, radius: 12, hair: 18 });
  const enlarge = () => upsampleAlpha(touching, picture.width, picture.height, 16);
  const keep = async (x: number) => {
    const plane = await enlarge();
    await keepSubject(
      plane,
      chooseSubject(touching, { subjects: 'point', point: { x, y: 192 } }, picture)!,
      new Pace(),
    );
    return plane.data;
  };

  it('takes nothing from the chosen body and leaves nothing of the other; together they are the whole', async () => {
    const all = (await enlarge()).data;
    const [left, right] = [await keep(100), await keep(284)];
    for (let y = 0; y < picture.height; y += 3) {
      for (let x = 0; x < picture.width; x++) {
        const i = y * picture.width + x;
        expect(Math.abs(left[i]! + right[i]! - all[i]!)).toBeLessThanOrEqual(1);
        // The border runs down the middle; it is soft for one sample of the grid, four pixels, on each side.
        if (x < 184) expect([left[i], right[i]]).toEqual([all[i], 0]);
        if (x > 200) expect([left[i], right[i]]).toEqual([0, all[i]]);
      }
    }
  });

  it('has no step along the border that the matte did not have', async () => {
    const left = await keep(100);
    const all = (await enlarge()).data;
    const step = (data: ArrayLike<number>, i: number) => Math.abs(data[i + 1]! - data[i]!);
    for (let y = 0; y < picture.height; y += 5) {
      for (let x = 0; x < picture.width - 1; x++) {
        const i = y * picture.width + x;
        expect(step(left, i)).toBeLessThanOrEqual(step(all, i) + all[i]! / 4 + 1);
      }
    }
  });
});
