import { describe, expect, it } from 'vitest';
import type { AlphaPlane, Raster } from '../../../server/imaging/picture.ts';
import { composeOver, cutOut } from '../../../server/matting/composition.ts';

const raster = (width: number, height: number, channels: 3 | 4, data: Raster['data']): Raster => ({
  width,
  height,
  channels,
  data,
});
const plane = (width: number, height: number, data: AlphaPlane['data']): AlphaPlane => ({ width, height, data });

describe('cutOut', () => {
  it('puts the matte beside the colors, at every pair of depths', () => {
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
  it('mixes with a color', () => {
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

  it('mixes with a checkerboard of 8 pixels a square', () => {
    const [width, height] = [19, 21];
    const clear = raster(width, height, 4, new Uint8Array(width * height * 4));
    const { data } = composeOver(clear, 'checker');
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const gray = (Math.floor(x / 8) + Math.floor(y / 8)) % 2 ? 204 : 255;
        expect([...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)]).toEqual([gray, gray, gray]);
      }
    }
    const deep = composeOver(raster(9, 1, 4, new Uint16Array(36)), 'checker').data;
    expect([deep[0], deep[26]]).toEqual([65535, 204 * 257]);
  });

  it('comes out the same in strips, over anything', () => {
    const [width, height] = [20, 30];
    const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7919) >> 5);
    const picture = raster(width, height, 3, noise(width * height * 3));
    const alpha = plane(width, height, noise(width * height));
    const behind = raster(width, height, 4, noise(width * height * 4).reverse());
    for (const backdrop of ['checker', [1, 100, 250], behind] as const) {
      const whole = composeOver(cutOut(picture, alpha), backdrop).data;
      for (const rows of [1, 7, 30]) {
        for (let top = 0; top < height; top += rows) {
          const bottom = Math.min(height, top + rows);
          const strip = composeOver(cutOut(picture, alpha, { top, bottom }), backdrop);
          expect(strip.top).toBe(top);
          expect(strip.data).toEqual(whole.subarray(top * width * 3, bottom * width * 3));
        }
      }
    }
  });
});
