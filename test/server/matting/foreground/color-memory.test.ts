import { afterEach, describe, expect, it, vi } from 'vitest';
import { FOREGROUND_METHODS, type ForegroundMethod } from '../../../../protocol/matte.ts';
import type { Raster } from '../../../../server/imaging/picture.ts';
import { ColorMemory } from '../../../../server/matting/foreground/color-memory.ts';
import { estimateForeground, makeCutout } from '../../../../server/matting/foreground/estimate-foreground.ts';
import { METHODS } from '../../../../server/matting/foreground/methods.ts';
import type { Estimate } from '../../../../server/matting/foreground/painter.ts';
import { seeded } from '../../random.ts';

const [WIDTH, HEIGHT] = [333, 290];
const random = seeded(4);
const picture: Raster = {
  width: WIDTH,
  height: HEIGHT,
  channels: 3,
  data: Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, () => Math.floor(256 * random())),
};
/** A disc with a soft, jagged rim. */
const disc = (radius: number) => {
  const data = new Uint16Array(WIDTH * HEIGHT);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [(i % WIDTH) - 160, Math.floor(i / WIDTH) - 140];
    const rim = radius + 8 * Math.sin(30 * Math.atan2(y, x));
    data[i] = 65535 * Math.min(1, Math.max(0, 0.5 + (rim - Math.hypot(x, y)) / 10));
  }
  return { width: WIDTH, height: HEIGHT, data };
};
const alpha = disc(70);
const estimates: Record<ForegroundMethod, Estimate> = METHODS;

afterEach(() => vi.restoreAllMocks());

describe.each(FOREGROUND_METHODS)('colors that are remembered, %s', (method) => {
  it('are those that would be estimated, whatever was asked for before', async () => {
    const memory = new ColorMemory(picture, alpha, method);
    const findPainter = memory.findPainter.bind(memory);
    for (const radius of [70, 74, 66, 130, 30, 71]) {
      const shown = disc(radius);
      const again = await makeCutout(picture, alpha, { shown, method, findPainter });
      expect(again.data).toEqual((await makeCutout(picture, alpha, { shown, method })).data);
    }
    const again = await estimateForeground(picture, alpha, { method, findPainter });
    expect(again.data).toEqual((await estimateForeground(picture, alpha, { method })).data);
  });

  it('are not estimated again for a small move', async () => {
    const memory = new ColorMemory(picture, alpha, method);
    const findPainter = memory.findPainter.bind(memory);
    const estimate = vi.spyOn(estimates, method);
    for (const radius of [70, 74, 66, 78, 70]) await makeCutout(picture, alpha, { shown: disc(radius), findPainter });
    expect(estimate).toHaveBeenCalledTimes(1);
    await makeCutout(picture, alpha, { shown: disc(139), findPainter });
    expect(estimate).toHaveBeenCalledTimes(2);
  });

  it('are forgotten where their estimation was stopped', async () => {
    const memory = new ColorMemory(picture, alpha, method);
    const findPainter = memory.findPainter.bind(memory);
    vi.spyOn(estimates, method).mockRejectedValueOnce(new Error('stopped'));
    await expect(makeCutout(picture, alpha, { findPainter })).rejects.toThrow('stopped');
    const again = await makeCutout(picture, alpha, { findPainter });
    expect(again.data).toEqual((await makeCutout(picture, alpha, { method })).data);
  });
});
