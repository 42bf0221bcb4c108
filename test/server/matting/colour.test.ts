import { describe, expect, it } from 'vitest';
import type { AlphaPlane, Raster } from '../../../server/imaging/picture.ts';
import { composeOver, cutOut } from '../../../server/matting/composition.ts';
import { estimateForeground } from '../../../server/matting/foreground.ts';
import { seeded } from '../random.ts';

const raster = (width: number, height: number, channels: 3 | 4, data: Raster['data']): Raster => ({
  width,
  height,
  channels,
  data,
});
const plane = (width: number, height: number, data: AlphaPlane['data']): AlphaPlane => ({ width, height, data });

describe('cutOut', () => {
  it('puts the matte beside the colours, at every pair of depths', () => {
    const eight = raster(2, 1, 3, Uint8Array.of(10, 20, 30, 40, 50, 60));
    const sixteen = raster(2, 1, 3, Uint16Array.of(1000, 2000, 3000, 4000, 5000, 65535));
    expect([...cutOut(eight, plane(2, 1, Uint8Array.of(0, 200))).data]).toEqual([10, 20, 30, 0, 40, 50, 60, 200]);
    expect([...cutOut(eight, plane(2, 1, Uint16Array.of(257, 65535))).data]).toEqual([10, 20, 30, 1, 40, 50, 60, 255]);
    expect([...cutOut(sixteen, plane(2, 1, Uint8Array.of(1, 255))).data]).toEqual([
      1000, 2000, 3000, 257, 4000, 5000, 65535, 65535,
    ]);
  });

  it("multiplies the picture's own transparency", () => {
    const picture = raster(3, 1, 4, Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 128, 7, 8, 9, 0));
    const { data } = cutOut(picture, plane(3, 1, Uint8Array.of(100, 100, 255)));
    expect([data[3], data[7], data[11]]).toEqual([100, 50, 0]);
    const fine = raster(1, 1, 4, Uint16Array.of(0, 0, 0, 32768));
    expect(cutOut(fine, plane(1, 1, Uint16Array.of(32768))).data[3]).toBe(16384);
  });
});

describe('composeOver', () => {
  it('mixes with a colour', () => {
    const cut = raster(3, 1, 4, Uint8Array.of(200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 51));
    expect([...composeOver(cut, [0, 50, 255]).data]).toEqual([200, 100, 0, 0, 50, 255, 40, 60, 204]);
    const fine = raster(1, 1, 4, Uint16Array.of(65535, 0, 0, 32768));
    expect([...composeOver(fine, [0, 0, 255]).data]).toEqual([32768, 0, 32767]);
  });

  it('mixes with a picture of either depth, whatever its transparency', () => {
    const cut = raster(2, 1, 4, Uint8Array.of(200, 100, 0, 255, 200, 100, 0, 51));
    const behind = Uint8Array.of(1, 2, 3, 0, 0, 50, 255, 9);
    expect([...composeOver(cut, raster(2, 1, 4, behind)).data]).toEqual([200, 100, 0, 40, 60, 204]);
    const fine = Uint16Array.from([1, 2, 3, 0, 50, 255], (v) => v * 257);
    expect([...composeOver(cut, raster(2, 1, 3, fine)).data]).toEqual([200, 100, 0, 40, 60, 204]);
  });
});

describe('estimateForeground', () => {
  const F = [210, 40, 90] as const;
  const B = [20, 200, 60] as const;

  /** A disc of colour F over colour B with an edge of the given softness. */
  function disc(width: number, height: number, max: 255 | 65535, softness = 12) {
    const samples = max === 255 ? Uint8Array : Uint16Array;
    const alpha = new samples(width * height);
    const data = new samples(width * height * 3);
    const radius = Math.min(width, height) / 3;
    for (let i = 0; i < alpha.length; i++) {
      const distance = Math.hypot((i % width) - width / 2, Math.floor(i / width) - height / 2);
      const a = Math.min(1, Math.max(0, 0.5 + (radius - distance) / softness));
      alpha[i] = Math.round(a * max);
      for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(((a * F[c]! + (1 - a) * B[c]!) * max) / 255);
    }
    return { picture: raster(width, height, 3, data), alpha: plane(width, height, alpha) };
  }

  it.each([255, 65535] as const)('recovers the colour under a soft edge (samples up to %d)', (max) => {
    const { picture, alpha } = disc(160, 120, max);
    const { data } = estimateForeground(picture, alpha);
    let before = 0;
    let after = 0;
    for (let i = 0; i < alpha.data.length; i++) {
      const a = alpha.data[i]! / max;
      if (a < 0.1 || a > 0.9) continue;
      for (let c = 0; c < 3; c++) {
        before = Math.max(before, Math.abs((picture.data[3 * i + c]! * 255) / max - F[c]!));
        after = Math.max(after, Math.abs((data[4 * i + c]! * 255) / max - F[c]!));
      }
    }
    expect(before).toBeGreaterThan(100);
    // Blur fusion is an approximation: a sixth of the stain may stay at the far end of the edge.
    expect(after).toBeLessThan(before / 5);
  });

  it('leaves opaque pixels exactly as they were, and alpha too', () => {
    const random = seeded(11);
    const width = 300;
    const height = 280;
    for (const samples of [Uint8Array, Uint16Array]) {
      const max = samples === Uint8Array ? 255 : 65535;
      const picture = raster(
        width,
        height,
        3,
        samples.from(Array.from({ length: width * height * 3 }, () => random() * (max + 1))),
      );
      const alpha = plane(
        width,
        height,
        samples.from(Array.from({ length: width * height }, (_, i) => (i % width < 150 ? max : random() * max))),
      );
      const { data } = estimateForeground(picture, alpha);
      for (let i = 0; i < width * height; i++) {
        if (data[4 * i + 3] !== alpha.data[i]) expect.fail(`alpha differs at ${i}`);
        if (alpha.data[i] !== max) continue;
        for (let c = 0; c < 3; c++)
          if (data[4 * i + c] !== picture.data[3 * i + c]) expect.fail(`colour differs at ${i}`);
      }
    }
  });

  it('has no seams: a picture and the same picture shifted by half a tile agree', () => {
    const random = seeded(5);
    const shift = 128;
    const [width, height] = [420, 300];
    const colours = Uint8Array.from({ length: (width + shift) * (height + shift) * 3 }, () => random() * 256);
    const soft = Uint8Array.from({ length: (width + shift) * (height + shift) }, () => random() * 256);
    const crop = <T extends Uint8Array>(from: T, step: number, left: number, top: number) => {
      const out = new Uint8Array(width * height * step);
      for (let y = 0; y < height; y++) {
        const start = ((y + top) * (width + shift) + left) * step;
        out.set(from.subarray(start, start + width * step), y * width * step);
      }
      return out;
    };
    const at = (left: number, top: number) =>
      estimateForeground(
        raster(width, height, 3, crop(colours, 3, left, top)),
        plane(width, height, crop(soft, 1, left, top)),
      ).data;
    const [one, two] = [at(0, 0), at(shift, shift)];
    let worst = 0;
    // Away from the pictures' own borders, where the windows differ by right.
    for (let y = shift + 60; y < height - 60; y++)
      for (let x = shift + 60; x < width - 60; x++)
        for (let c = 0; c < 4; c++)
          worst = Math.max(
            worst,
            Math.abs(one[4 * (y * width + x) + c]! - two[4 * ((y - shift) * width + x - shift) + c]!),
          );
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('copes with mattes of one value and pictures of one pixel', () => {
    for (const value of [0, 1, 128, 254, 255]) {
      for (const [width, height] of [
        [1, 1],
        [1, 300],
        [300, 1],
        [7, 5],
      ] as const) {
        const picture = raster(width, height, 3, new Uint8Array(width * height * 3).fill(77));
        const { data } = estimateForeground(picture, plane(width, height, new Uint8Array(width * height).fill(value)));
        for (let i = 0; i < data.length; i += 4) {
          expect(Math.abs(data[i]! - 77)).toBeLessThanOrEqual(1);
          expect(data[i + 3]).toBe(value);
        }
      }
    }
  });
});
