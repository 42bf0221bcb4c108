import { describe, expect, it } from 'vitest';
import type { Strokes } from '../../../../server/imaging/strokes-file.ts';
import type { Plane16 } from '../../../../server/matting/edge/plane.ts';
import type { CoarseAlpha } from '../../../../server/matting/grid/coarse-alpha.ts';
import { findBand } from '../../../../server/matting/mask/find-band.ts';
import { keepMask, refineMask } from '../../../../server/matting/mask/refine-mask.ts';
import { paintStrokes } from '../../../../server/matting/mask/strokes.ts';
import { Pace } from '../../../../server/matting/yield-often.ts';
import { seeded } from '../../random.ts';

const SIDE = 512;
type Draw = (x: number, y: number) => number;
const values = (draw: Draw) =>
  Float32Array.from({ length: SIDE * SIDE }, (_, i) => draw(i % SIDE, Math.floor(i / SIDE)));
const grid = (draw: Draw): CoarseAlpha => ({ width: SIDE, height: SIDE, data: values(draw) });
const plane = (draw: Draw): Plane16 => ({
  width: SIDE,
  height: SIDE,
  data: Uint16Array.from(values(draw), (value) => Math.round(value * 65535)),
});
const disc =
  (cx: number, cy: number, r: number): Draw =>
  (x, y) =>
    Math.min(1, Math.max(0, r - Math.hypot(x - cx, y - cy) + 0.5));
/** White where `draw` is 1, black where it is 0. */
const picture = (draw: Draw) =>
  Uint8Array.from(
    { length: 3 * SIDE * SIDE },
    (_, i) => 255 * draw(Math.floor(i / 3) % SIDE, Math.floor(i / 3 / SIDE)),
  );
const GRAY = new Uint8Array(3 * SIDE * SIDE).fill(128);
const person = disc(256, 256, 120);
const error = (found: ArrayLike<number>, truth: Float32Array) =>
  truth.reduce((sum, value, i) => sum + (value - found[i]!) ** 2, 0);

describe('refineMask', () => {
  it('takes the edge of the network where that agrees with the mask beside the band', () => {
    const hair: Draw = (x, y) => Math.max(person(x, y), Math.abs(x - 256) < 1 && y > 131 && y < 140 ? 0.7 : 0);
    const { coarse } = refineMask(plane(disc(256, 256, 115)), grid(hair), GRAY);
    const truth = values(hair);
    expect(error(coarse.data, truth)).toBeLessThan(0.02 * error(values(disc(256, 256, 115)), truth));
  });

  it('leaves the mask where it is sure, whatever the network says', () => {
    const withArm: Draw = (x, y) => Math.max(person(x, y), disc(440, 256, 30)(x, y));
    const { coarse, band } = refineMask(plane(withArm), grid(person), GRAY);
    const { data } = coarse;
    expect([data[256 * SIDE + 256], data[256 * SIDE + 440], data[20 * SIDE + 20]]).toEqual([1, 1, 0]);
    expect(band.data[256 * SIDE + 440]).toBe(0);
  });

  it('follows the colors where the network sees something else', () => {
    const shown = disc(256, 256, 120);
    const drawn = disc(259, 256, 120);
    const nothing = grid(() => 0);
    const truth = values(shown);
    const { coarse } = refineMask(plane(drawn), nothing, picture(shown));
    expect(error(coarse.data, truth)).toBeLessThan(0.5 * error(values(drawn), truth));
  });

  it('does not ask the networks about an edge beside strokes that contradict them', () => {
    // The networks lost an arm, and a thin stroke is painted along it.
    const arm: Draw = (x, y) => (x >= 256 && x < 470 && Math.abs(y - 256) <= 12 ? 1 : 0);
    const shown: Draw = (x, y) => Math.max(person(x, y), arm(x, y));
    const stroke: Draw = (x, y) => (x >= 256 && x < 470 && Math.abs(y - 256) <= 6 ? 1 : 0);
    const drawn: Draw = (x, y) => Math.max(person(x, y), stroke(x, y));
    const strokes = { width: SIDE, height: SIDE, painted: values(stroke), kept: values(stroke) };
    const truth = values(shown);
    const found = (painted?: Strokes) => refineMask(plane(drawn), grid(person), picture(shown), painted).coarse.data;
    expect(error(found(strokes), truth)).toBeLessThan(0.25 * error(found(), truth));
  });

  it.each([0, 1])('refuses a mask that is %i everywhere', (value) => {
    expect(() =>
      refineMask(
        plane(() => value),
        grid(person),
        GRAY,
      ),
    ).toThrow('no edge');
  });

  it('works on a picture smaller than the grid', () => {
    const small: Plane16 = {
      width: 8,
      height: 8,
      data: Uint16Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 65535 : 0)),
    };
    const left = grid((x) => (x < SIDE / 2 ? 1 : 0));
    const { coarse } = refineMask(small, left, GRAY);
    expect(error(coarse.data, left.data) / coarse.data.length).toBeLessThan(0.01);
  });
});

describe('keepMask', () => {
  it('keeps every sample beyond the band and none well inside it', async () => {
    const random = seeded(1);
    const mask: Plane16 = {
      width: 64,
      height: 48,
      data: Uint16Array.from({ length: 64 * 48 }, () => random() * 65536),
    };
    const band: CoarseAlpha = {
      width: 16,
      height: 12,
      data: Float32Array.from({ length: 192 }, (_, i) => (i % 16 < 8 ? 1 : 0)),
    };
    const refined: Plane16 = { ...mask, data: new Uint16Array(64 * 48).fill(777) };
    await keepMask(refined, mask, band, new Pace());
    for (let i = 0; i < refined.data.length; i++) {
      if (i % 64 < 28) expect(refined.data[i]).toBe(777);
      if (i % 64 >= 36) expect(refined.data[i]).toBe(mask.data[i]);
    }
  });
});

describe('paintStrokes', () => {
  it('sets what is painted, keeps what is not, and is stretched to the picture', async () => {
    const random = seeded(3);
    const [width, height] = [90, 60];
    const before = Uint16Array.from({ length: width * height }, () => random() * 65536);
    const alpha: Plane16 = { width, height, data: before.slice() };
    // Thirds of the picture: kept, untouched, removed.
    const strokes: Strokes = {
      width: 30,
      height: 20,
      painted: Float32Array.from({ length: 600 }, (_, i) => (i % 30 < 10 || i % 30 >= 20 ? 1 : 0)),
      kept: Float32Array.from({ length: 600 }, (_, i) => (i % 30 < 10 ? 1 : 0)),
    };
    await paintStrokes(alpha, strokes, new Pace());
    for (let i = 0; i < before.length; i++) {
      const x = i % width;
      if (x < 28) expect(alpha.data[i]).toBe(65535);
      else if (x >= 32 && x < 58) expect(alpha.data[i]).toBe(before[i]);
      else if (x >= 62) expect(alpha.data[i]).toBe(0);
    }
  });
});

describe('findBand', () => {
  it('reaches as far as it says in every direction', () => {
    const random = seeded(2);
    const side = 40;
    const data = Float32Array.from({ length: side * side }, () => (random() < 0.005 ? 0.5 : 0));
    const soft = [...data.keys()].filter((i) => data[i] === 0.5);
    const band = findBand({ width: side, height: side, data }, 8);
    for (let i = 0; i < data.length; i++) {
      const distance = Math.min(
        ...soft.map((j) => Math.hypot((i % side) - (j % side), Math.floor(i / side) - Math.floor(j / side))),
      );
      // A chamfer distance is off by at most 8 %.
      if (distance < 5.5) expect(band.data[i]).toBe(1);
      if (distance > 8.7) expect(band.data[i]).toBe(0);
    }
  });
});
