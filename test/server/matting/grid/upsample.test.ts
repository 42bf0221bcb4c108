import { describe, expect, it } from 'vitest';
import type { CoarseAlpha } from '../../../../server/matting/grid/coarse-alpha.ts';
import { upsampleAlpha } from '../../../../server/matting/grid/upsample.ts';
import { seeded } from '../../random.ts';

const SNAP = 1 / 255;

function grid(width: number, height: number, value: (x: number, y: number) => number): CoarseAlpha {
  const data = Float32Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
  return { width, height, data };
}

/** The definition, sample by sample in double precision: Keys' kernel at the distance of each source sample. */
function direct(coarse: CoarseAlpha, width: number, height: number, max: number): number[] {
  const kernel = (d: number) => {
    const x = Math.abs(d);
    if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
    return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
  };
  const sample = (x: number, y: number) => {
    const column = Math.min(coarse.width - 1, Math.max(0, x));
    return coarse.data[Math.min(coarse.height - 1, Math.max(0, y)) * coarse.width + column]!;
  };
  return Array.from({ length: width * height }, (_, i) => {
    const u = (((i % width) + 0.5) * coarse.width) / width - 0.5;
    const v = ((Math.floor(i / width) + 0.5) * coarse.height) / height - 0.5;
    let sum = 0;
    for (let y = Math.floor(v) - 1; y <= Math.floor(v) + 2; y++)
      for (let x = Math.floor(u) - 1; x <= Math.floor(u) + 2; x++) sum += kernel(u - x) * kernel(v - y) * sample(x, y);
    return Math.min(1, Math.max(0, (sum - SNAP) / (1 - 2 * SNAP))) * max;
  });
}

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs(actual[i]! - expected[i]!));
  return most;
}

const SIZES = [
  [64, 64],
  [97, 41],
  [13, 200],
  [8, 6],
  [5, 3],
  [1, 1],
  [1, 50],
  [50, 1],
  [300, 9],
] as const;

describe('upsampleAlpha', () => {
  it.each(SIZES)('is the double-precision spline at %d x %d', async (width, height) => {
    const random = seeded(width * 1000 + height);
    const coarse = grid(8, 6, () => random());
    expect(
      worst((await upsampleAlpha(coarse, width, height, 8)).data, direct(coarse, width, height, 255)),
    ).toBeLessThan(0.51);
    const fine = await upsampleAlpha(coarse, width, height, 16);
    expect(worst(fine.data, direct(coarse, width, height, 65535))).toBeLessThan(0.6);
  });

  it('takes shortcuts over flat parts that stay within one level of eight bits', async () => {
    const random = seeded(7);
    const person = (x: number, y: number) => {
      const inside = 1 / (1 + Math.exp(2 * (Math.hypot(x - 20, y - 16) - 9 + random())));
      return Math.min(1, Math.max(0, inside + (random() - 0.5) / 400));
    };
    const coarse = grid(40, 32, person);
    const { data } = await upsampleAlpha(coarse, 517, 389, 8);
    expect(worst(data, direct(coarse, 517, 389, 255))).toBeLessThan(1.5);
  });

  it.each([0, 0.2, 0.5, 0.77, 1])('keeps the constant %d', async (value) => {
    for (const [width, height] of SIZES) {
      const { data } = await upsampleAlpha(
        grid(7, 5, () => value),
        width,
        height,
        16,
      );
      const expected = Math.min(1, Math.max(0, (value - SNAP) / (1 - 2 * SNAP))) * 65535;
      expect(
        worst(
          data,
          data.map(() => Math.round(expected)),
        ),
      ).toBeLessThanOrEqual(1);
    }
  });

  it('reproduces straight ramps away from the border', async () => {
    const coarse = grid(10, 8, (x, y) => 0.1 + 0.05 * x + 0.03 * y);
    const { data } = await upsampleAlpha(coarse, 100, 80, 16);
    for (let y = 15; y < 65; y++) {
      for (let x = 15; x < 85; x++) {
        const value = 0.1 + 0.05 * ((x + 0.5) / 10 - 0.5) + 0.03 * ((y + 0.5) / 10 - 0.5);
        expect(Math.abs(data[y * 100 + x]! / 65535 - (value - SNAP) / (1 - 2 * SNAP))).toBeLessThan(2e-5);
      }
    }
  });

  it('is center-aligned: a mirrored grid gives the mirrored matte', async () => {
    const random = seeded(3);
    const coarse = grid(9, 6, () => random());
    const mirrored = grid(9, 6, (x, y) => coarse.data[(5 - y) * 9 + (8 - x)]!);
    for (const [width, height] of SIZES) {
      const there = await upsampleAlpha(coarse, width, height, 16);
      const back = await upsampleAlpha(mirrored, width, height, 16);
      expect(worst(there.data, [...back.data].reverse())).toBeLessThanOrEqual(1);
    }
  });

  it('gives 8 and 16 bits of the same matte', async () => {
    const random = seeded(4);
    const coarse = grid(16, 16, () => random() * 1.4 - 0.2).data.map((v) => Math.min(1, Math.max(0, v)));
    const pair = { width: 16, height: 16, data: coarse };
    const eight = await upsampleAlpha(pair, 90, 70, 8);
    const sixteen = await upsampleAlpha(pair, 90, 70, 16);
    expect(
      worst(
        eight.data,
        Array.from(sixteen.data, (v) => v / 257),
      ),
    ).toBeLessThan(0.51);
  });

  it('snaps what is one step of eight bits from the ends, and only that', async () => {
    const at = async (value: number) => {
      const { data } = await upsampleAlpha(
        grid(3, 3, () => value),
        2,
        2,
        8,
      );
      return data[0];
    };
    expect(await at(254 / 255)).toBe(255);
    expect(await at(1 / 255)).toBe(0);
    expect(await at(250 / 255)).toBeLessThan(253);
    expect(await at(5 / 255)).toBeGreaterThan(2);
    expect(await at(0.502)).toBe(128);
  });

  it('stays inside the range where the spline overshoots', async () => {
    const { data } = await upsampleAlpha(
      grid(8, 8, (x) => Number(x >= 4)),
      400,
      300,
      8,
    );
    expect([data[0], data[399], Math.max(...data), Math.min(...data)]).toEqual([0, 255, 255, 0]);
  });

  it('lets other work run while it writes a big matte', async () => {
    let breaths = 0;
    const timer = setInterval(() => breaths++, 0);
    await upsampleAlpha(
      grid(8, 8, (x) => x / 8),
      600,
      8000,
      8,
    );
    clearInterval(timer);
    expect(breaths).toBeGreaterThan(0);
  });
});
