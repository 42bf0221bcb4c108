import { describe, expect, it } from 'vitest';
import { applyFrame } from '../../../server/imaging/apply-frame.ts';
import { boundsOf, type Framing, frameSubject } from '../../../server/imaging/framing.ts';

/** 20 x 10, opaque in 4 x 2 pixels at 12, 5, and hardly visible one pixel to their left. */
const alpha = { width: 20, height: 10, data: new Uint8Array(200) };
for (let y = 5; y < 7; y++) alpha.data.fill(255, 20 * y + 12, 20 * y + 16);
alpha.data[20 * 5 + 11] = 4;

const PLAIN: Framing = {
  trim: true,
  margin: { value: 0, isPercent: false },
  size: null,
  fit: 'contain',
  align: { x: 0.5, y: 0.5 },
};
const px = (value: number) => ({ value, isPercent: false });

describe('frameSubject', () => {
  it('cuts to what can be seen', () => {
    expect(boundsOf(alpha)).toEqual({ left: 12, top: 5, width: 4, height: 2 });
    expect(frameSubject(alpha, PLAIN)).toEqual({
      source: { left: 12, top: 5, width: 4, height: 2 },
      target: { left: 0, top: 0, width: 4, height: 2 },
      canvas: { width: 4, height: 2 },
    });
  });

  it('has a margin on all sides, also beyond the picture', () => {
    const { source, target, canvas } = frameSubject(alpha, { ...PLAIN, margin: px(6) });
    expect(canvas).toEqual({ width: 16, height: 14 });
    expect(source).toEqual({ left: 6, top: 0, width: 14, height: 10 });
    expect(target).toEqual({ left: 0, top: 1, width: 14, height: 10 });
    expect(frameSubject(alpha, { ...PLAIN, margin: { value: 50, isPercent: true } }).canvas).toEqual({
      width: 8,
      height: 6,
    });
  });

  it.each([
    ['contain', { left: 1, top: 7, width: 8, height: 4 }],
    ['shrink', { left: 5, top: 9, width: 4, height: 2 }],
    ['cover', { left: -18, top: 1, width: 36, height: 18 }],
  ] as const)('fits a size with %s, aligned', (fit, wanted) => {
    const size = { width: 10, height: 20 };
    const { target, canvas } = frameSubject(alpha, { ...PLAIN, size, fit, margin: px(1), align: { x: 1, y: 0.4 } });
    expect(canvas).toEqual(size);
    const top = fit === 'cover' ? 1 : 1 + Math.round((18 - wanted.height) * 0.4);
    const left = 1 + 8 - wanted.width;
    expect(target).toEqual({ ...wanted, top, left });
  });

  it('leaves an empty matte whole', () => {
    const empty = { ...alpha, data: new Uint16Array(200) };
    expect(frameSubject(empty, PLAIN).source).toEqual({ left: 0, top: 0, width: 20, height: 10 });
  });
});

describe('what a hostile matte could ask for', () => {
  const dot = { width: 30_000, height: 1, data: new Uint8Array(30_000).fill(255, 7, 8) };

  it('is no copy larger than the canvas: a speck that covers it is enlarged by 64 at most', async () => {
    const frame = frameSubject(dot, { ...PLAIN, size: { width: 3000, height: 2000 }, fit: 'cover' });
    expect(frame.target).toMatchObject({ width: 64, height: 64 });
    const line = frameSubject(dot, { ...PLAIN, trim: false, size: { width: 2000, height: 2000 }, fit: 'cover' });
    expect(line.target.width).toBe(30_000 * 64);
    const laid = await applyFrame(dot, line);
    expect([laid.width, laid.height, laid.data.length]).toEqual([2000, 2000, 4_000_000]);
  });

  it('is no canvas of more pixels than are made', () => {
    const whole = { ...dot, data: new Uint8Array(30_000).fill(255) };
    expect(() => frameSubject(whole, { ...PLAIN, margin: px(10_000) })).toThrow('more than Hairline makes');
    expect(() => frameSubject(whole, { ...PLAIN, margin: px(5), size: { width: 9, height: 9 } })).toThrow('no room');
  });

  it('shows the same part as without that care', async () => {
    const data = Uint8Array.from({ length: 200 }, (_, i) => (i * 37) % 256);
    const framing = { ...PLAIN, trim: false, size: { width: 30, height: 90 }, fit: 'cover' } as const;
    const frame = frameSubject({ width: 20, height: 10, data }, framing);
    const laid = await applyFrame({ width: 20, height: 10, data }, frame);
    const [target, whole] = [frame.target, { width: frame.target.width, height: frame.target.height }];
    const full = await applyFrame(
      { width: 20, height: 10, data },
      { ...frame, target: { left: 0, top: 0, ...whole }, canvas: whole },
    );
    let most = 0;
    // At the canvas's border the enlarging knows no neighbors.
    for (let y = 15; y < 75; y++)
      for (let x = 12; x < 18; x++)
        most = Math.max(
          most,
          Math.abs(laid.data[30 * y + x]! - full.data[whole.width * (y - target.top) + x - target.left]!),
        );
    expect(most).toBeLessThan(24);
  });
});

describe('applyFrame', () => {
  it('cuts without changing a sample, and leaves the rest empty', async () => {
    const data = Uint16Array.from({ length: 20 * 10 * 4 }, (_, i) => i * 7);
    const out = await applyFrame(
      { width: 20, height: 10, channels: 4 as const, data },
      frameSubject(alpha, { ...PLAIN, margin: px(6) }),
    );
    expect(out).toMatchObject({ width: 16, height: 14, channels: 4 });
    expect([...out.data.subarray(0, 64)]).toEqual(Array(64).fill(0));
    expect([...out.data.subarray(64, 68)]).toEqual([...data.subarray(24, 28)]);
    expect([...out.data.subarray(64 + 14 * 4, 64 + 64)]).toEqual(Array(8).fill(0));
  });

  it('scales with transparency counted in: colors of what is hidden do not bleed', async () => {
    for (const max of [255, 65535]) {
      const data = max === 255 ? new Uint8Array(16) : new Uint16Array(16);
      // Opaque red beside hidden green.
      for (let i = 0; i < 4; i++) data.set(i % 2 ? [0, max, 0, 0] : [max, 0, 0, max], 4 * i);
      const raster = { width: 2, height: 2, channels: 4 as const, data };
      const whole = { left: 0, top: 0, width: 2, height: 2 };
      const target = { left: 0, top: 0, width: 1, height: 1 };
      const out = await applyFrame(raster, { source: whole, target, canvas: { width: 1, height: 1 } });
      const [red, green, , opacity] = out.data;
      expect([red! / max > 0.98, green! / max < 0.02]).toEqual([true, true]);
      expect(opacity! / max).toBeCloseTo(0.5, 1);
    }
  });
});
