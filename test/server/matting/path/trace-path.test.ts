import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { ClippingPath, Knot } from '../../../../protocol/schemas/path.ts';
import type { AlphaPlane } from '../../../../server/imaging/picture.ts';
import { tracePath } from '../../../../server/matting/path/trace-path.ts';
import { seeded } from '../../random.ts';

/** A matte by a function of the center of each pixel, 0..1 and clamped. */
function draw(width: number, height: number, opacity: (x: number, y: number) => number, depth = 8): AlphaPlane {
  const data = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  const max = depth === 16 ? 65535 : 255;
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      data[i] = Math.round(max * Math.min(1, Math.max(0, opacity(x + 0.5, y + 0.5))));
  return { width, height, data };
}

/** What another program (librsvg) sees inside of the path. */
async function fill({ width, height, subpaths }: ClippingPath): Promise<Uint8Array> {
  const data = subpaths.map(({ knots }) => {
    const curves = knots.map((knot, i) => {
      const next = knots[(i + 1) % knots.length]!;
      return `C${knot.after} ${next.before} ${next.anchor}`;
    });
    return `M${knots[0]!.anchor}${curves.join('')}Z`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%"/><path fill="white" fill-rule="evenodd" d="${data.join('')}"/></svg>`;
  return sharp(Buffer.from(svg), { unlimited: true }).extractChannel(0).raw().toBuffer();
}

const isIn = ({ data }: AlphaPlane, i: number) => data[i]! > (data instanceof Uint16Array ? 32767 : 127);

/** Pixels that the path puts on the wrong side although the outline is farther away than `reach`. */
async function findStrays(alpha: AlphaPlane, path: ClippingPath, reach: number): Promise<string[]> {
  const filled = await fill(path);
  const { width, height } = alpha;
  const strays: string[] = [];
  for (let i = 0; i < filled.length; i++) {
    const inside = isIn(alpha, i);
    if (filled[i]! > 127 === inside) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    let isNear = x < reach || y < reach || x >= width - reach || y >= height - reach;
    for (let v = Math.max(0, Math.floor(y - reach)); v <= Math.min(height - 1, y + reach) && !isNear; v++)
      for (let u = Math.max(0, Math.floor(x - reach)); u <= Math.min(width - 1, x + reach) && !isNear; u++)
        isNear = Math.hypot(u - x, v - y) <= reach && isIn(alpha, v * width + u) !== inside;
    if (!isNear) strays.push(`${x},${y}`);
  }
  return strays;
}

const knotsOf = ({ subpaths }: ClippingPath): Knot[] => subpaths.flatMap(({ knots }) => knots);

describe('the outline of a matte as Bézier curves', () => {
  const random = seeded(15);
  it.each(
    Array.from({ length: 24 }, (_, i) => ({ tolerance: [0.5, 1, 2, 4][i % 4]!, depth: i & 4 ? 16 : 8, seed: i })),
  )('is nowhere farther from it than its tolerance: $tolerance px, $depth bits, matte $seed', async (sample) => {
    const { tolerance, depth } = sample;
    const [width, height] = [60 + Math.floor(random() * 240), 60 + Math.floor(random() * 240)];
    const discs = Array.from({ length: 2 + Math.floor(random() * 8) }, () => ({
      x: random() * width,
      y: random() * height,
      radius: 10 + random() * 60,
      softness: 0.5 + random() * 8,
      sign: random() < 0.3 ? -1 : 1,
    }));
    const alpha = draw(
      width,
      height,
      (x, y) =>
        discs.reduce((sum, disc) => {
          const part = (disc.radius - Math.hypot(x - disc.x, y - disc.y)) / disc.softness + 0.5;
          return sum + disc.sign * Math.min(1, Math.max(0, part));
        }, 0),
      depth,
    );
    const path = await tracePath(alpha, tolerance);
    expect(path).toMatchObject({ width, height, tolerance });
    // The speck that may be left out has three tolerances of radius; a pixel's middle is half its diagonal from its corners.
    expect(await findStrays(alpha, path, 3 * tolerance + 0.71)).toEqual([]);
    const far = knotsOf(path).flatMap(({ anchor, before, after }) => [anchor, before, after]);
    for (const [x, y] of far) {
      expect(Number.isFinite(x) && Math.abs(x) < 16 * width, 'what a path resource can hold').toBe(true);
      expect(Number.isFinite(y) && Math.abs(y) < 16 * height).toBe(true);
    }
  });

  it('follows a soft circle to a tenth of a pixel with a few smooth knots', async () => {
    const path = await tracePath(
      draw(300, 300, (x, y) => (100 - Math.hypot(x - 150, y - 150)) / 3 + 0.5, 16),
      0.5,
    );
    const knots = knotsOf(path);
    expect(path.subpaths).toHaveLength(1);
    expect(knots.length).toBeLessThanOrEqual(12);
    for (const { anchor, isSmooth } of knots) {
      expect(Math.abs(Math.hypot(anchor[0] - 150, anchor[1] - 150) - 100)).toBeLessThan(0.1);
      expect(isSmooth).toBe(true);
    }
  });

  it('has a line of its own around each hole, and around what lies in it', async () => {
    const rings = draw(200, 200, (x, y) => {
      const far = Math.hypot(x - 100, y - 100);
      return far < 20 || (far > 50 && far < 90) ? 1 : 0;
    });
    const path = await tracePath(rings, 1);
    expect(path.subpaths).toHaveLength(3);
    expect(await findStrays(rings, path, 1.71)).toEqual([]);
  });

  it('keeps the corners of a square, and ends at the border of the picture', async () => {
    const square = await tracePath(
      draw(200, 200, (x, y) => (x > 40 && x < 160 && y > 40 && y < 160 ? 1 : 0)),
      1,
    );
    const corners = knotsOf(square).filter(({ isSmooth }) => !isSmooth);
    expect(corners).toHaveLength(4);
    for (const { anchor } of corners)
      for (const at of anchor) expect(Math.min(Math.abs(at - 40), Math.abs(at - 160))).toBeLessThan(1);
    const whole = knotsOf(await tracePath({ width: 90, height: 50, data: new Uint8Array(4500).fill(255) }, 1));
    const [xs, ys] = [whole.map(({ anchor }) => anchor[0]), whole.map(({ anchor }) => anchor[1])];
    expect([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]).toEqual([0, 0, 90, 50]);
  });

  it('turns both handles of a smooth knot together', async () => {
    const path = await tracePath(
      draw(300, 200, (x, y) => 1.2 - Math.hypot((x - 150) / 100, (y - 100) / 60 + Math.sin(x / 20) / 3)),
      0.5,
    );
    const smooth = knotsOf(path).filter(({ isSmooth }) => isSmooth);
    expect(smooth.length).toBeGreaterThan(5);
    for (const { anchor, before, after } of smooth) {
      const [ax, ay] = [anchor[0] - before[0], anchor[1] - before[1]];
      const [bx, by] = [after[0] - anchor[0], after[1] - anchor[1]];
      expect((ax * bx + ay * by) / (Math.hypot(ax, ay) * Math.hypot(bx, by))).toBeGreaterThan(0.9999);
    }
  });

  it.each([
    ['an empty matte', draw(50, 40, () => 0)],
    ['one that is faint everywhere', draw(50, 40, () => 0.49)],
    ['one pixel without anything', draw(1, 1, () => 0)],
    ['one pixel', draw(1, 1, () => 1)],
  ])('of %s is empty', async (_, alpha) => {
    expect((await tracePath(alpha, 1)).subpaths).toEqual([]);
  });

  it.each([
    ['noise', 400, () => random()],
    ['black and white noise', 400, () => Math.round(random())],
    ['a checkerboard', 700, (x: number, y: number) => (Math.floor(x) + Math.floor(y)) & 1],
    ['stripes', 1200, (x: number) => Math.floor(x / 4) & 1],
  ])('of %s has a bounded number of knots', async (_, side, opacity) => {
    const path = await tracePath(draw(side, side, opacity), 0.25);
    expect(knotsOf(path).length).toBeLessThanOrEqual(20_000);
  });

  it('of noise says that it is coarser than it should be', async () => {
    const path = await tracePath(
      draw(400, 400, () => random()),
      0.25,
    );
    expect(path.tolerance).toBeGreaterThan(0.25);
  });

  it('stops when it is not wanted any more', async () => {
    const stop = AbortSignal.abort(new Error('gone'));
    await expect(
      tracePath(
        draw(2000, 2000, () => random()),
        1,
        stop,
      ),
    ).rejects.toThrow('gone');
  });
});
