import { describe, expect, it } from 'vitest';
import { openRaw } from '../../../../server/imaging/codec.ts';
import { Lift } from '../../../../server/matting/grid/enhance.ts';
import { estimateMatte } from '../../../../server/matting/pipeline.ts';
import { brightModel } from '../../../fixtures/bright-model.ts';
import { seeded } from '../../random.ts';

const SIDE = 32;

/** Colors of which the darkest and the brightest are `low` and `high`. */
const colors = (low: number, high: number, seed = 1) => {
  const next = seeded(seed);
  return Uint8Array.from({ length: 3 * SIDE * SIDE }, () => Math.round(low + (high - low) * next()));
};
const luma = (rgb: Uint8Array) =>
  Array.from(
    { length: rgb.length / 3 },
    (_, i) => (54 * rgb[3 * i]! + 183 * rgb[3 * i + 1]! + 19 * rgb[3 * i + 2]!) / 256,
  );

describe('contrast lift', () => {
  it('changes no byte of a picture with contrast, be it a dark or a bright one', () => {
    for (const [low, high] of [
      [0, 255],
      [0, 128],
      [5, 140],
      [120, 255],
    ] as const) {
      const rgb = colors(low, high);
      expect(new Lift().apply(rgb.slice())).toEqual(rgb);
    }
  });

  it('spreads the tones of dark and of flat pictures, and keeps their order', () => {
    for (const [low, high] of [
      [0, 38],
      [102, 153],
      [220, 255],
    ] as const) {
      const rgb = colors(low, high);
      const lifted = luma(new Lift().apply(rgb.slice())).sort((a, b) => a - b);
      expect(lifted[Math.floor(0.02 * lifted.length)]).toBeLessThan(60);
      expect(lifted[Math.floor(0.98 * lifted.length)]).toBeGreaterThan(195);
      const ramp = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
      const lift = new Lift();
      lift.apply(rgb.slice());
      const out = lift.apply(ramp);
      for (let i = 3; i < out.length; i++) expect(out[i]).toBeGreaterThanOrEqual(out[i - 3]!);
    }
  });

  it('is not misled by a few stray pixels', () => {
    const rgb = colors(0, 38);
    rgb.fill(255, 0, 9);
    expect(Math.max(...luma(new Lift().apply(rgb)).slice(3))).toBeGreaterThan(200);
  });

  it('leaves a single color alone', () => {
    const rgb = new Uint8Array(300).fill(17);
    expect(new Lift().apply(rgb.slice())).toEqual(rgb);
  });

  it('treats all grids of a picture alike', () => {
    const lift = new Lift();
    const first = lift.apply(colors(0, 38));
    // Alone, this one would have been left as it is.
    const second = lift.apply(Uint8Array.of(0, 10, 38, 255, 255, 255));
    expect([...second.subarray(3)]).toEqual([255, 255, 255]);
    expect(second[1]).toBe(first[colors(0, 38).indexOf(10)]);
    const plain = new Lift();
    plain.apply(colors(0, 255));
    expect(plain.apply(colors(0, 38))).toEqual(colors(0, 38));
  });

  it('is for the networks alone, and only where it was asked for', async () => {
    const fed: number[] = [];
    const model = brightModel(SIDE, (planes) => fed.push(Math.max(...planes)));
    const picture = openRaw({ width: SIDE, height: SIDE, channels: 3, data: colors(0, 38) });
    const before = (await picture.readRaster(8)).data.slice();
    for (const enhance of [false, true]) await estimateMatte(picture, [{ model }], { depth: 8, enhance });
    expect(fed[0]).toBeCloseTo(38 / 255, 6);
    expect(fed[1]).toBe(1);
    expect((await picture.readRaster(8)).data).toEqual(before);
  });
});
