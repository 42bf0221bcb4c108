import { describe, expect, it } from 'vitest';
import type { Raster } from '../../../server/imaging/picture.ts';
import { addShadow } from '../../../server/matting/shadow.ts';

/** A red post of 40 x 200 pixels that stands at row 260 of 300. */
function post(depth: 8 | 16): Raster {
  const [width, height] = [300, 300];
  const max = depth === 16 ? 65535 : 255;
  const data = depth === 16 ? new Uint16Array(4 * width * height) : new Uint8Array(4 * width * height);
  for (let y = 60; y < 260; y++) for (let x = 130; x < 170; x++) data.set([max, 0, 0, max], 4 * (y * width + x));
  return { width, height, channels: 4, data };
}
const at = ({ width, data }: Raster, x: number, y: number) => [
  ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
];

describe.each([8, 16] as const)('a shadow of %i bits', (depth) => {
  const max = depth === 16 ? 65535 : 255;

  it('is black, darkest where the subject stands, and nothing far away', async () => {
    const cast = await addShadow(post(depth), 0.5);
    const [red, , , foot] = at(cast, 150, 261);
    expect(red).toBe(0);
    expect(foot).toBeGreaterThan(0.2 * max);
    expect(foot).toBeLessThanOrEqual(0.5 * max + 1);
    expect(at(cast, 150, 275)[3]).toBeLessThan(foot!);
    expect(at(cast, 20, 261)).toEqual([0, 0, 0, 0]);
    expect(at(cast, 150, 30)).toEqual([0, 0, 0, 0]);
    // Symmetric, as the post is.
    expect(Math.abs(at(cast, 120, 255)[3]! - at(cast, 179, 255)[3]!)).toBeLessThanOrEqual(0.01 * max);
  });

  it('changes nothing of what is opaque, and grows with its opacity', async () => {
    const subject = post(depth);
    const before = subject.data.slice();
    const casts = await Promise.all([0, 0.3, 1].map((opacity) => addShadow(subject, opacity)));
    expect(subject.data).toEqual(before);
    for (const cast of casts) expect(at(cast, 150, 200)).toEqual([max, 0, 0, max]);
    const feet = casts.map((cast) => at(cast, 150, 261)[3]!);
    expect(feet[0]).toBe(0);
    expect(feet[1]).toBeLessThan(feet[2]!);
  });

  it('mixes into soft edges without their colors being lost', async () => {
    const subject = post(depth);
    subject.data.set([max, max, 0, Math.round(max / 2)], 4 * (258 * 300 + 170));
    const [red, green, blue, opacity] = at(await addShadow(subject, 1), 170, 258);
    expect(opacity).toBeGreaterThan(max / 2);
    // Over white: what the edge keeps of its own color is half.
    expect((red! * opacity!) / max).toBeCloseTo(max / 2, depth === 8 ? -1 : -2);
    expect([green, blue]).toEqual([red, 0]);
  });

  it('of nothing is nothing, and of one pixel no fault', async () => {
    const data = depth === 16 ? new Uint16Array(400) : new Uint8Array(400);
    const empty = { width: 10, height: 10, channels: 4, data } as const;
    expect((await addShadow(empty, 1)).data).toEqual(data);
    const dot = { width: 1, height: 1, channels: 4, data: data.slice(0, 4).fill(max) } as const;
    expect(at(await addShadow(dot, 1), 0, 0)).toEqual([max, max, max, max]);
  });
});
