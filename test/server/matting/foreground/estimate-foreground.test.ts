import { describe, expect, it } from 'vitest';
import { FOREGROUND_METHODS } from '../../../../protocol/matte.ts';
import type { AlphaPlane, Raster } from '../../../../server/imaging/picture.ts';
import { composeOver, cutOut } from '../../../../server/matting/composition.ts';
import { estimateForeground, makeCutout } from '../../../../server/matting/foreground/estimate-foreground.ts';
import { seeded } from '../../random.ts';

const raster = (width: number, height: number, channels: 3 | 4, data: Raster['data']): Raster => ({
  width,
  height,
  channels,
  data,
});
const plane = (width: number, height: number, data: AlphaPlane['data']): AlphaPlane => ({ width, height, data });

/** A head of hair: a disc whose rim is strands of half-transparent pixels, F and B smooth but not flat. */
function hair(size: number) {
  const random = seeded(3);
  const truth = new Uint8Array(size * size * 3);
  const behind = new Uint8Array(size * size * 3);
  const alpha = new Uint8Array(size * size);
  const strands = Array.from({ length: 360 }, () => 0.28 + 0.17 * random());
  for (let i = 0; i < alpha.length; i++) {
    const [x, y] = [(i % size) / size - 0.5, Math.floor(i / size) / size - 0.5];
    const strand = strands[Math.floor(((Math.atan2(y, x) + Math.PI) / (2 * Math.PI)) * 359.99)]!;
    const radius = Math.hypot(x, y);
    alpha[i] = radius < 0.25 ? 255 : radius > strand ? 0 : 255 * Math.min(1, (strand - radius) / 0.08 + 0.1 * random());
    for (let c = 0; c < 3; c++) {
      truth[3 * i + c] = [90, 60, 40][c]! + 60 * x + 40 * y;
      behind[3 * i + c] = [60, 190, 120][c]! + 90 * Math.sin(9 * x + c) * Math.cos(7 * y);
    }
  }
  return {
    truth: raster(size, size, 3, truth),
    behind: raster(size, size, 3, behind),
    alpha: plane(size, size, alpha),
  };
}

/** Mean difference inside the soft band, in levels of 255. */
function difference(one: Raster, two: Raster, alpha: AlphaPlane): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < alpha.data.length; i++) {
    if (alpha.data[i] === 0 || alpha.data[i] === 255) continue;
    count += 3;
    for (let c = 0; c < 3; c++) sum += Math.abs(one.data[3 * i + c]! - two.data[3 * i + c]!);
  }
  return sum / count;
}

describe.each(FOREGROUND_METHODS)('estimateForeground, %s', (method) => {
  const F = [210, 40, 90] as const;
  const B = [20, 200, 60] as const;

  /** A disc of color F over color B with an edge of the given softness. */
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

  it.each([255, 65535] as const)('recovers the color under a soft edge (samples up to %d)', async (max) => {
    const { picture, alpha } = disc(160, 120, max);
    const { data } = await estimateForeground(picture, alpha, { method });
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

  it('leaves opaque pixels exactly as they were, and alpha too', async () => {
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
      const { data } = await estimateForeground(picture, alpha, { method });
      for (let i = 0; i < width * height; i++) {
        if (data[4 * i + 3] !== alpha.data[i]) expect.fail(`alpha differs at ${i}`);
        if (alpha.data[i] !== max) continue;
        for (let c = 0; c < 3; c++)
          if (data[4 * i + c] !== picture.data[3 * i + c]) expect.fail(`color differs at ${i}`);
      }
    }
  });

  // The levels of the other method depend on the picture's size; see level.test.ts.
  it.runIf(method === 'fast')('has no seams: a picture and the same picture shifted agree', async () => {
    const random = seeded(5);
    const shift = 128;
    const [width, height] = [420, 300];
    const colors = Uint8Array.from({ length: (width + shift) * (height + shift) * 3 }, () => random() * 256);
    const soft = Uint8Array.from({ length: (width + shift) * (height + shift) }, () => random() * 256);
    const crop = <T extends Uint8Array>(from: T, step: number, left: number, top: number) => {
      const out = new Uint8Array(width * height * step);
      for (let y = 0; y < height; y++) {
        const start = ((y + top) * (width + shift) + left) * step;
        out.set(from.subarray(start, start + width * step), y * width * step);
      }
      return out;
    };
    const at = async (left: number, top: number) => {
      const picture = raster(width, height, 3, crop(colors, 3, left, top));
      return (await estimateForeground(picture, plane(width, height, crop(soft, 1, left, top)), { method })).data;
    };
    const [one, two] = [await at(0, 0), await at(shift, shift)];
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

  it('composes like the truth over any color, where the picture itself leaves a halo', async () => {
    const { truth, behind, alpha } = hair(240);
    const picture = composeOver(cutOut(truth, alpha), behind);
    const estimate = await estimateForeground(picture, alpha, { method });
    for (const color of [
      [0, 0, 0],
      [255, 255, 255],
      [255, 0, 0],
      [0, 255, 0],
    ] as const) {
      const want = composeOver(cutOut(truth, alpha), color);
      const halo = difference(composeOver(cutOut(picture, alpha), color), want, alpha);
      const rest = difference(composeOver(estimate, color), want, alpha);
      expect(halo).toBeGreaterThan(8);
      expect(rest).toBeLessThan(method === 'best' ? 1.2 : halo / 2);
    }
  });

  it('knows colors beyond the edge, for masks that grow', async () => {
    const { picture, alpha } = disc(160, 120, 255);
    const { data } = await estimateForeground(picture, alpha, { method });
    const i = 60 * 160 + 80 - 40 - 6 - 8;
    expect(alpha.data[i]).toBe(0);
    for (let c = 0; c < 3; c++) expect(Math.abs(data[4 * i + c]! - F[c]!)).toBeLessThan(30);
    expect([...data.subarray(0, 3)]).toEqual([...B]);
  });

  it('copes with mattes of one value and pictures of one pixel', async () => {
    for (const value of [0, 1, 128, 254, 255]) {
      for (const [width, height] of [
        [1, 1],
        [1, 300],
        [300, 1],
        [7, 5],
      ] as const) {
        const picture = raster(width, height, 3, new Uint8Array(width * height * 3).fill(77));
        const { data } = await estimateForeground(
          picture,
          plane(width, height, new Uint8Array(width * height).fill(value)),
          { method },
        );
        for (let i = 0; i < data.length; i += 4) {
          expect(Math.abs(data[i]! - 77)).toBeLessThanOrEqual(1);
          expect(data[i + 3]).toBe(value);
        }
      }
    }
  });
});

describe('makeCutout', () => {
  const { truth, behind, alpha } = hair(120);
  const picture = composeOver(cutOut(truth, alpha), behind);

  it('clears what is fully transparent, and keeps alpha', async () => {
    for (const decontaminate of [0, 0.5, 1]) {
      const { data } = await makeCutout(picture, alpha, { decontaminate });
      for (let i = 0; i < alpha.data.length; i++) {
        expect(data[4 * i + 3]).toBe(alpha.data[i]);
        if (alpha.data[i] === 0) expect([...data.subarray(4 * i, 4 * i + 3)]).toEqual([0, 0, 0]);
      }
    }
  });

  it("mixes the picture's own colors with the estimate", async () => {
    const [none, half, full] = await Promise.all(
      [0, 0.5, 1].map((decontaminate) => makeCutout(picture, alpha, { decontaminate })),
    );
    for (let i = 0; i < alpha.data.length; i++) {
      if (alpha.data[i] === 0) continue;
      for (let c = 0; c < 3; c++) {
        expect(none!.data[4 * i + c]).toBe(picture.data[3 * i + c]);
        const middle = (none!.data[4 * i + c]! + full!.data[4 * i + c]!) / 2;
        expect(Math.abs(half!.data[4 * i + c]! - middle)).toBeLessThanOrEqual(0.5);
      }
    }
  });

  it('finds colors for what a larger mask newly shows', async () => {
    const everything = plane(120, 120, new Uint8Array(120 * 120).fill(255));
    const { data } = await makeCutout(picture, alpha, { shown: everything, method: 'best' });
    // Just beyond the strands: background in the picture, hair in the cut-out.
    const i = 60 * 120 + 60 - 55;
    expect(alpha.data[i]).toBe(0);
    expect(data[4 * i + 3]).toBe(255);
    for (let c = 0; c < 3; c++) expect(Math.abs(data[4 * i + c]! - truth.data[3 * i + c]!)).toBeLessThan(25);
  });

  it('stops when cancelled', async () => {
    const { truth, alpha } = hair(700);
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(makeCutout(truth, alpha, { method: 'best', signal: gone })).rejects.toThrow('gone');
  });
});
