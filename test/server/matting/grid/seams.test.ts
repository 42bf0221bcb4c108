import { describe, expect, it } from 'vitest';
import { FOREGROUND_METHODS } from '../../../../protocol/matte.ts';
import { openRaw } from '../../../../server/imaging/codec.ts';
import type { AlphaPlane, Raster, Region } from '../../../../server/imaging/picture.ts';
import { runSecondPass } from '../../../../server/matting/ensemble/second-pass.ts';
import { estimateForeground } from '../../../../server/matting/foreground/estimate-foreground.ts';
import type { CoarseAlpha } from '../../../../server/matting/grid/coarse-alpha.ts';
import { BEST_STAGES, estimateMatte } from '../../../../server/matting/pipeline.ts';
import { brightModel } from '../../../fixtures/bright-model.ts';
import { seeded } from '../../random.ts';

/** Where windows, grids and tiles lie must not show: moving them moves nothing outside of the unknown band. */
const STEP = 65535 / 255;
const WIDTH = 420;
const HEIGHT = 300;
const GRID = 96;
/** Not black, which would be snapped: a window that adds or takes away anything shows. */
const WALL = 51;

/** A bright head with strands before a gray wall; and where it is neither surely one nor the other. */
function portrait(): { picture: Raster; band: Uint8Array } {
  const random = seeded(5);
  const strands = Array.from({ length: 90 }, () => 60 + 30 * random());
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  const band = new Uint8Array(WIDTH * HEIGHT);
  for (let i = 0; i < band.length; i++) {
    const [x, y] = [(i % WIDTH) - 190, Math.floor(i / WIDTH) - 140];
    const strand = strands[Math.floor(((Math.atan2(y, x) + Math.PI) / (2 * Math.PI)) * 89.99)]!;
    const away = Math.hypot(x, y);
    const alpha = Math.min(1, Math.max(0, (strand - away) / 8));
    band[i] = away > 42 && away < 102 ? 1 : 0;
    data.fill(WALL + (255 - WALL) * alpha, 3 * i, 3 * i + 3);
  }
  return { picture: { width: WIDTH, height: HEIGHT, channels: 3, data }, band };
}

const { picture: pixels, band } = portrait();
const picture = openRaw(pixels);

/** The largest difference outside of the band, and the mean one inside, where both regions are. */
function compare(one: ArrayLike<number>, other: ArrayLike<number>, { left, top, width, height }: Region) {
  let [outside, inside, count] = [0, 0, 0];
  for (let y = top; y < top + height; y++) {
    for (let i = y * WIDTH + left; i < y * WIDTH + left + width; i++) {
      const difference = Math.abs(one[i]! - other[i]!);
      if (band[i]) {
        inside += difference;
        count++;
      } else outside = Math.max(outside, difference);
    }
  }
  return { outside, inside: inside / count };
}

describe('seams', () => {
  it('do not show where the grid of the crop lies', async () => {
    const views = [brightModel(GRID), brightModel(GRID), brightModel(GRID)].map((model) => ({ model, edges: true }));
    const find = async (left: number, top: number) => {
      // With its context, it touches no border of the picture.
      const region = { left, top, width: 180, height: 150 };
      return (await estimateMatte(picture, views, { depth: 16, stages: BEST_STAGES, region })).alpha.data;
    };
    const first = await find(100, 70);
    for (const [across, down] of [
      [1, 0],
      [7, 5],
      [-13, 11],
    ] as const) {
      const moved = await find(100 + across, 70 + down);
      const both = {
        left: 100 + Math.max(0, across),
        top: 70 + Math.max(0, down),
        width: 180 - Math.abs(across),
        height: 150 - Math.abs(down),
      };
      const { outside, inside } = compare(first, moved, both);
      expect(outside).toBeLessThan(STEP);
      // Strands are drawn a little differently on every grid; a window in the wrong place would move them by more.
      expect(inside).toBeLessThan(5 * STEP);
    }
  });

  it('do not show where the closer look begins', async () => {
    const see = async (region?: Region): Promise<CoarseAlpha> => {
      const rgb = await picture.readGrid(GRID, GRID, region);
      return { width: GRID, height: GRID, data: Float32Array.from({ length: GRID ** 2 }, (_, i) => rgb[3 * i]! / 255) };
    };
    const whole = await see();
    const closer = async (region: Region) =>
      runSecondPass(
        whole,
        { whole: [whole, whole], wholeEdges: [0, 1], near: [await see(region), await see(region)] },
        region,
        { width: WIDTH, height: HEIGHT },
      );
    const first = await closer({ left: 70, top: 20, width: 240, height: 240 });
    for (const [across, down] of [
      [1, 0],
      [7, 5],
      [-13, 11],
    ] as const) {
      const moved = await closer({ left: 70 + across, top: 20 + down, width: 240, height: 240 });
      expect([moved.width, moved.height]).toEqual([first.width, first.height]);
      for (let i = 0; i < first.data.length; i++) {
        const x = Math.floor(((i % first.width) + 0.5) * (WIDTH / first.width));
        const y = Math.floor((Math.floor(i / first.width) + 0.5) * (HEIGHT / first.height));
        if (!band[y * WIDTH + x]) expect(Math.abs(first.data[i]! - moved.data[i]!)).toBeLessThan(1 / 255);
      }
    }
  });

  it.each(FOREGROUND_METHODS)('do not show where the tiles of the colors lie, %s', async (method) => {
    const alpha: AlphaPlane = {
      width: WIDTH,
      height: HEIGHT,
      data: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => pixels.data[3 * i]!),
    };
    // All that is cut by cells of 8 or tiles of 256 pixels lies elsewhere once rows and columns are added before.
    const [across, down] = [37, 21];
    const moved = await estimateForeground(pad(pixels, 3, across, down), pad(alpha, 1, across, down), { method });
    const plain = await estimateForeground(pixels, alpha, { method });
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        if (alpha.data[y * WIDTH + x]! < 255) continue;
        const [from, to] = [4 * (y * WIDTH + x), 4 * ((y + down) * moved.width + x + across)];
        for (let c = 0; c < 4; c++) if (plain.data[from + c] !== moved.data[to + c]) expect.fail(`at ${x}, ${y}`);
      }
    }
  });
});

/** The same plane with rows and columns of its own border added above and to the left. */
function pad<T extends { width: number; height: number; data: Uint8Array | Uint16Array }>(
  plane: T,
  channels: number,
  across: number,
  down: number,
): T {
  const [width, height] = [plane.width + across, plane.height + down];
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const x = Math.max(0, (i % width) - across);
    const y = Math.max(0, Math.floor(i / width) - down);
    const from = (y * plane.width + x) * channels;
    data.set(plane.data.subarray(from, from + channels), i * channels);
  }
  return { ...plane, width, height, data };
}
