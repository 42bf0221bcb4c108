import { describe, expect, it } from 'vitest';
import { type EdgeSettings, NO_CHANGE, scaleSettings } from '../../../../server/matting/edge/edge-settings.ts';
import type { Plane16 } from '../../../../server/matting/edge/plane.ts';
import { refineEdge } from '../../../../server/matting/edge/refine-edge.ts';
import { seeded } from '../../random.ts';

const MAX = 65535;

function draw(width: number, height: number, alpha: (x: number, y: number) => number): Plane16 {
  const data = Uint16Array.from({ length: width * height }, (_, i) =>
    Math.round(MAX * Math.min(1, Math.max(0, alpha(i % width, Math.floor(i / width))))),
  );
  return { width, height, data };
}

/** Subject on the left, its edge (alpha 0.5) at column `at`, a ramp of `softness` pixels. */
const edge = (at: number, softness = 6, width = 200, height = 80) =>
  draw(width, height, (x) => 0.5 + (at - x) / softness);
const refine = (plane: Plane16, settings: Partial<EdgeSettings>) => refineEdge(plane, { ...NO_CHANGE, ...settings });
const row = ({ width, data }: Plane16, y: number) => [...data.subarray(y * width, (y + 1) * width)];

/** Where alpha crosses 0.5 in a row, in parts of a pixel. */
function crossing(plane: Plane16, y: number): number {
  const values = row(plane, y);
  const x = values.findIndex((value) => value < MAX / 2);
  return x - 1 + (values[x - 1]! - MAX / 2) / (values[x - 1]! - values[x]!);
}

/** Everything the fast paths could get wrong: hard edges on block borders, noise, flat areas, specks. */
function scene(): Plane16 {
  const random = seeded(2);
  return draw(230, 170, (x, y) => {
    if (x < 64 && y < 96) return 1;
    if (x > 120 && x < 160 && y > 40 && y < 90) return random();
    if (Math.hypot(x - 190, y - 130) < 3) return 1;
    return 0;
  });
}

describe('refineEdge', () => {
  it('returns the matte itself when nothing changes', async () => {
    const plane = scene();
    expect(await refine(plane, {})).toBe(plane);
  });

  it('never writes the matte it is given', async () => {
    const plane = scene();
    const before = plane.data.slice();
    await refine(plane, { shift: 2.5, feather: 2, contrast: 20, hair: 0.5, removeSpecks: 100, fillHoles: 100 });
    expect(plane.data).toEqual(before);
  });

  it.each<Partial<EdgeSettings>>([
    { shift: 3 },
    { shift: -3 },
    { feather: 4 },
    { contrast: 60 },
    { hair: 1 },
    { hair: -1 },
    { removeSpecks: 1000 },
    { fillHoles: 1000 },
  ])('leaves what is all clear or all solid: %j', async (settings) => {
    for (const value of [0, 1]) {
      const flat = draw(100, 40, () => value);
      expect((await refine(flat, settings)).data).toEqual(flat.data);
    }
  });

  it('stops when cancelled', async () => {
    const large = draw(1500, 1500, (x) => (x % 100) / 100);
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(refineEdge(large, { ...NO_CHANGE, shift: 20 }, gone)).rejects.toThrow('gone');
  });

  it('scales lengths and areas for previews', () => {
    const settings = { removeSpecks: 100, fillHoles: 40, hair: 0.5, shift: -4, feather: 8, contrast: 30 };
    expect(scaleSettings(settings, 0.5)).toEqual({
      removeSpecks: 25,
      fillHoles: 10,
      hair: 0.5,
      shift: -2,
      feather: 4,
      contrast: 30,
    });
  });
});

describe('shift', () => {
  it.each([-20, -7.25, -1, -0.5, 0.3, 1, 2, 4.75, 11, 30])('moves an edge by %d pixels', async (shift) => {
    for (const softness of [1, 6, 25]) {
      const moved = await refine(edge(100, softness), { shift });
      // Between whole steps a hard edge becomes the mix of two hard edges.
      expect(Math.abs(crossing(moved, 40) - 100 - shift)).toBeLessThanOrEqual(softness === 1 ? 0.51 : 0.01);
    }
  });

  it('keeps the profile of the edge', async () => {
    const moved = await refine(edge(100), { shift: 9 });
    expect(row(moved, 40)).toEqual(row(edge(109), 40));
  });

  it('moves edges in every direction alike', async () => {
    const disc = (radius: number) => draw(160, 160, (x, y) => 0.5 + (radius - Math.hypot(x - 80, y - 80)) / 4);
    const grown = await refine(disc(40), { shift: 12 });
    const want = disc(52);
    const area = (plane: Plane16) => plane.data.reduce((sum, value) => sum + value / MAX, 0);
    expect(Math.abs(area(grown) / area(want) - 1)).toBeLessThan(0.03);
    for (const [x, y] of [
      [132, 80],
      [80, 28],
      [80 + 36.8, 80 + 36.8],
      [80 - 48, 80 - 19.9],
    ] as const) {
      // An octagon lies within 8 % of a circle of 12 pixels.
      expect(grown.data[Math.round(y) * 160 + Math.round(x)]! / MAX).toBeGreaterThan(0.5 - 1.5 / 4);
    }
  });

  it('never shrinks where it grows, and more is never less', async () => {
    const plane = scene();
    let last = plane;
    for (const shift of [0.4, 1, 1.6, 2, 5, 9]) {
      const next = await refine(plane, { shift });
      for (let i = 0; i < plane.data.length; i++) if (next.data[i]! < last.data[i]!) expect.fail(`${shift} at ${i}`);
      last = next;
    }
  });

  it('is what the definition says, whatever blocks are skipped', async () => {
    const plane = scene();
    const { width, height, data } = plane;
    const dilated = await refine(plane, { shift: 1 });
    const eroded = await refine(plane, { shift: -1 });
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const near = [
          [0, 0],
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
        ]
          .map(([dx, dy]) => [x + dx!, y + dy!] as const)
          .filter(([u, v]) => u >= 0 && v >= 0 && u < width && v < height)
          .map(([u, v]) => data[v * width + u]!);
        if (dilated.data[y * width + x] !== Math.max(...near)) expect.fail(`grown at ${x}, ${y}`);
        if (eroded.data[y * width + x] !== Math.min(...near)) expect.fail(`shrunk at ${x}, ${y}`);
      }
    }
  });

  it('leaves a subject that the frame cuts', async () => {
    const cut = draw(60, 60, (_, y) => (y > 30 ? 1 : 0));
    const shrunk = await refine(cut, { shift: -5 });
    expect(shrunk.data[59 * 60 + 30]).toBe(MAX);
    expect(shrunk.data[59 * 60]).toBe(MAX);
  });
});

describe('feather', () => {
  /** The definition: a sampled Gaussian, borders repeated. */
  function gaussian({ width, height, data }: Plane16, deviation: number): Float64Array {
    const reach = Math.ceil(5 * deviation);
    const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) =>
      Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)),
    );
    const total = kernel.reduce((a, b) => a + b);
    const pass = (source: ArrayLike<number>, along: number, across: number, length: number, lines: number) => {
      const out = new Float64Array(source.length);
      for (let line = 0; line < lines; line++) {
        for (let x = 0; x < length; x++) {
          let sum = 0;
          for (let k = -reach; k <= reach; k++) {
            const at = Math.min(length - 1, Math.max(0, x + k));
            sum += kernel[k + reach]! * source[line * across + at * along]!;
          }
          out[line * across + x * along] = sum / total;
        }
      }
      return out;
    };
    return pass(pass(data, 1, width, width, height), width, 1, height, width);
  }

  it.each([0.4, 1, 2.5, 7, 20])('is a Gaussian of deviation %d', async (feather) => {
    const plane = scene();
    const blurred = await refine(plane, { feather });
    const want = gaussian(plane, feather);
    let worst = 0;
    for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(blurred.data[i]! - want[i]!) / MAX);
    expect(worst).toBeLessThan(feather < 1 ? 0.12 : 0.03);
  });

  it('has no bands: 16-bit steps stay small on a wide ramp', async () => {
    const blurred = row(await refine(edge(300, 1, 600, 40), { feather: 50 }), 20);
    const steps = blurred.slice(1).map((value, i) => blurred[i]! - value);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...steps)).toBeLessThan((MAX / (50 * Math.sqrt(2 * Math.PI))) * 1.03);
    expect(new Set(blurred).size).toBeGreaterThan(280);
  });
});

describe('hair and contrast', () => {
  const every = { width: 256, height: 256, data: Uint16Array.from({ length: 65536 }, (_, i) => i) };

  it.each<Partial<EdgeSettings>>([
    { hair: 1 },
    { hair: 0.3 },
    { hair: -1 },
    { contrast: 1 },
    { contrast: 50 },
    { contrast: 100 },
  ])('%j never turns back and keeps both ends', async (settings) => {
    const { data } = await refine(every, settings);
    expect([data[0], data[65535]]).toEqual([0, MAX]);
    for (let i = 1; i < data.length; i++) if (data[i]! < data[i - 1]!) expect.fail(`at ${i}`);
  });

  it('follows the formulas', async () => {
    const at = async (settings: Partial<EdgeSettings>, alpha: number) =>
      (await refine(every, settings)).data[Math.round(alpha * MAX)]! / MAX;
    expect(await at({ hair: 1 }, 0.3)).toBeCloseTo(0.51, 4);
    expect(await at({ hair: -0.5 }, 0.4)).toBeCloseTo(0.28, 4);
    expect(await at({ contrast: 50 }, 0.6)).toBeCloseTo(0.7, 4);
    expect(await at({ contrast: 50 }, 0.2)).toBe(0);
    expect(await at({ contrast: 100 }, 0.501)).toBe(1);
    expect(await at({ contrast: 100 }, 0.499)).toBe(0);
  });
});

describe('specks and holes', () => {
  const square = (x: number, y: number, left: number, top: number, side: number) =>
    x >= left && x < left + side && y >= top && y < top + side;

  it('removes patches below the area, with their rim, and no other', async () => {
    const plane = draw(200, 120, (x, y) => {
      if (square(x, y, 20, 20, 60)) return 1;
      if (square(x, y, 120, 30, 9)) return 0.8;
      if (square(x, y, 119, 29, 11)) return 0.03;
      return square(x, y, 150, 60, 10) ? 1 : 0;
    });
    const { data } = await refine(plane, { removeSpecks: 100 });
    expect(data[34 * 200 + 124]).toBe(0);
    expect(data[29 * 200 + 119]).toBe(0);
    expect(data[65 * 200 + 155]).toBe(MAX);
    expect(data[40 * 200 + 40]).toBe(MAX);
    expect((await refine(plane, { removeSpecks: 101 })).data[65 * 200 + 155]).toBe(0);
  });

  it('closes enclosed gaps below the area, and leaves those that are open', async () => {
    const plane = draw(150, 100, (x, y) => {
      if (square(x, y, 40, 40, 8) || square(x, y, 0, 70, 8)) return 0.1;
      return square(x, y, 90, 40, 20) ? 0 : 1;
    });
    const { data } = await refine(plane, { fillHoles: 65 });
    expect(data[44 * 150 + 44]).toBe(MAX);
    expect(data[50 * 150 + 100]).toBe(0);
    expect(data[74 * 150 + 4]).toBe(Math.round(0.1 * MAX));
  });

  it('follows winding shapes: a spiral is one patch', async () => {
    const drawn = draw(120, 120, (x, y) => {
      const [dx, dy] = [x - 60, y - 60];
      const turn = (Math.hypot(dx, dy) - (Math.atan2(dy, dx) * 10) / (2 * Math.PI) + 100) % 10;
      return Math.hypot(dx, dy) < 50 && turn < 4 ? 1 : 0;
    });
    // Without the crumbs where the rim cuts the arm.
    const spiral = await refine(drawn, { removeSpecks: 10 });
    const area = spiral.data.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
    expect(area).toBeGreaterThan(3000);
    expect((await refine(spiral, { removeSpecks: area })).data).toEqual(spiral.data);
    expect((await refine(spiral, { removeSpecks: area + 1 })).data.some((value) => value > 0)).toBe(false);
  });

  it('joins patches by corners, but gaps only by sides', async () => {
    const diagonal = draw(40, 40, (x, y) => (x === y && x > 5 && x < 35 ? 1 : 0));
    expect((await refine(diagonal, { removeSpecks: 29 })).data).toEqual(diagonal.data);
    const gaps = draw(40, 40, (x, y) => (x === y && x > 5 && x < 35 ? 0 : 1));
    expect((await refine(gaps, { fillHoles: 2 })).data.every((value) => value === MAX)).toBe(true);
  });
});
