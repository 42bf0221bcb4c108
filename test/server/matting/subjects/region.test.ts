import { describe, expect, it } from 'vitest';
import { openRaw } from '../../../../server/imaging/codec.ts';
import type { Region } from '../../../../server/imaging/picture.ts';
import { type EstimateOptions, estimateMatte } from '../../../../server/matting/pipeline.ts';
import { brightModel } from '../../../fixtures/bright-model.ts';

const WIDTH = 480;
const HEIGHT = 320;

type Disc = readonly [x: number, y: number, radius: number];
const LEFT: Disc = [120, 160, 40];
const RIGHT: Disc = [350, 160, 70];

const isInside = ([cx, cy, radius]: Disc, x: number, y: number) => Math.hypot(x + 0.5 - cx, y + 0.5 - cy) < radius;

/** White discs on black. */
const paint = (...discs: Disc[]) => {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    if (discs.some((disc) => isInside(disc, x, y))) data.fill(255, 3 * i, 3 * i + 3);
  }
  return openRaw({ width: WIDTH, height: HEIGHT, channels: 3, data });
};
const matte = async (discs: Disc[], settings: Partial<EstimateOptions> = {}, side = 64) =>
  (await estimateMatte(paint(...discs), [{ model: brightModel(side) }], { depth: 16, ...settings })).alpha.data;
const around = ([x, y, radius]: Disc, room = 10): Region => ({
  left: x - radius - room,
  top: y - radius - room,
  width: 2 * (radius + room),
  height: 2 * (radius + room),
});
const error = (data: ArrayLike<number>, disc: Disc) => {
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    sum += Math.abs(data[i]! / 65535 - (isInside(disc, i % WIDTH, Math.floor(i / WIDTH)) ? 1 : 0));
  }
  return sum / (WIDTH * HEIGHT);
};

describe('a matte of a region', () => {
  it('is 0 outside, to the pixel, and what is there inside', async () => {
    const region = { left: 130, top: 100, width: 150, height: 120 };
    const data = await matte([LEFT, RIGHT], { region });
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [(i % WIDTH) - 130, Math.floor(i / WIDTH) - 100];
      if ((x < 0 || y < 0 || x >= 150 || y >= 120) && data[i]) expect.fail(`${data[i]} at ${i}`);
    }
    // The region cuts both discs: they go on to its very border.
    expect(data[160 * WIDTH + 130]).toBe(65535);
    expect(data[160 * WIDTH + 279]).toBeGreaterThan(0);
  });

  it('resolves a small subject better than a matte of everything', async () => {
    const whole = error(await matte([LEFT]), LEFT);
    const near = error(await matte([LEFT], { region: around(LEFT) }), LEFT);
    expect(near).toBeLessThan(whole / 2);
  });

  it('does not depend on what lies far outside of it', async () => {
    const region = around(LEFT);
    expect(await matte([LEFT, RIGHT], { region })).toEqual(await matte([LEFT], { region }));
  });

  it('is the matte of the picture where the region is all of it', async () => {
    const region = { left: 0, top: 0, width: WIDTH, height: HEIGHT };
    expect(await matte([LEFT, RIGHT], { region })).toEqual(await matte([LEFT, RIGHT]));
  });

  it('takes regions of a single pixel and at the corners', async () => {
    const corner: Region = { left: WIDTH - 1, top: HEIGHT - 1, width: 1, height: 1 };
    expect((await matte([LEFT], { region: corner })).every((value) => value === 0)).toBe(true);
    expect((await matte([LEFT], { region: { ...corner, left: 120, top: 160 } }))[160 * WIDTH + 120]).toBe(65535);
  });
});

describe('the choice of a subject', () => {
  const choose = (choice: EstimateOptions['choice'], region?: Region) =>
    matte([LEFT, RIGHT], region ? { choice, region } : { choice });
  const [left, right] = [160 * WIDTH + 120, 160 * WIDTH + 350];

  it('keeps the largest, or the one at a point of the picture', async () => {
    const largest = await choose({ subjects: 'largest' });
    expect([largest[left], largest[right]]).toEqual([0, 65535]);
    const pointed = await choose({ subjects: 'point', point: { x: 100, y: 150 } });
    expect([pointed[left], pointed[right]]).toEqual([65535, 0]);
  });

  it('together with a region, knows only what is in it', async () => {
    // Most of the large disc lies outside; the rest of it must not pass for the larger body.
    const region = { left: 60, top: 80, width: 240, height: 160 };
    const largest = await choose({ subjects: 'largest' }, region);
    expect([largest[left], largest[160 * WIDTH + 290]]).toEqual([65535, 0]);
    const pointed = await choose({ subjects: 'point', point: { x: 295, y: 160 } }, region);
    expect([pointed[left], pointed[160 * WIDTH + 290]]).toEqual([0, 65535]);
  });
});
