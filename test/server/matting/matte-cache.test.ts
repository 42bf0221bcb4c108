import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRaw } from '../../../server/imaging/codec.ts';
import type { Raster } from '../../../server/imaging/picture.ts';
import { ColorMemory } from '../../../server/matting/foreground/color-memory.ts';
import { type KeptMatte, MatteCache } from '../../../server/matting/matte-cache.ts';

const matte = (pixels: number): KeptMatte => ({
  alpha: { width: pixels, height: 1, data: new Uint16Array(pixels) },
  picture: openRaw({ width: pixels, height: 1, channels: 3, data: new Uint8Array(pixels * 3) }),
  model: 'm',
  provider: 'cpu',
});
const gone = expect.objectContaining({ code: 'MATTE_GONE' });

describe('MatteCache', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives ids that cannot be guessed', () => {
    const cache = new MatteCache({ maxBytes: 1000, keepFor: 1000 });
    const ids = [cache.add(matte(10), 30), cache.add(matte(10), 30)];
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(ids[0]).not.toBe(ids[1]);
    expect(() => cache.get('1')).toThrow(gone);
    expect(() => cache.get('__proto__')).toThrow(gone);
  });

  it('drops the least recently used one when the bytes run out', () => {
    const cache = new MatteCache({ maxBytes: 150, keepFor: 1000 });
    const [a, b] = [cache.add(matte(10), 50), cache.add(matte(10), 50)];
    expect(cache.bytes).toBe(140);
    cache.get(a);
    const c = cache.add(matte(10), 30);
    expect(() => cache.get(b)).toThrow(gone);
    expect(cache.get(a).alpha.width).toBe(10);
    expect(cache.get(c).picture).not.toBeNull();
    expect(cache.bytes).toBe(120);
  });

  it('keeps the matte alone when the picture does not fit, and nothing when the matte does not', () => {
    const cache = new MatteCache({ maxBytes: 150, keepFor: 1000 });
    const id = cache.add(matte(50), 51);
    expect(cache.get(id).picture).toBeNull();
    expect(cache.bytes).toBe(100);
    expect(() => cache.get(cache.add(matte(76), 0))).toThrow(gone);
    expect(cache.size).toBe(1);
  });

  it('drops a matte some time after its last use', () => {
    const cache = new MatteCache({ maxBytes: 1000, keepFor: 1000 });
    const id = cache.add(matte(10), 30);
    vi.advanceTimersByTime(900);
    cache.get(id);
    vi.advanceTimersByTime(900);
    cache.get(id);
    vi.advanceTimersByTime(1001);
    expect(() => cache.get(id)).toThrow(gone);
    expect([cache.bytes, cache.size, vi.getTimerCount()]).toEqual([0, 0, 0]);
  });

  it('counts previews', () => {
    const cache = new MatteCache({ maxBytes: 200, keepFor: 1000 });
    const [first, id] = [cache.add(matte(20), 40), cache.add(matte(20), 40)];
    const alpha = { width: 20, height: 1, data: new Uint16Array(20) };
    cache.setPreview(id, { alpha, picture: null, colors: null });
    expect(cache.bytes).toBe(200);
    const picture: Raster = { width: 20, height: 1, channels: 3, data: new Uint8Array(60) };
    cache.setPreview(id, { alpha, picture, colors: null });
    expect(() => cache.get(first)).toThrow(gone);
    expect(cache.bytes).toBe(180);
    const colors = new ColorMemory({ ...picture, width: 5, data: new Uint8Array(15) }, alpha, 'fast');
    cache.setPreview(id, { alpha, picture: null, colors });
    expect(cache.bytes).toBe(120 + 5 * 4 + 1);
    cache.setPreview(id, { alpha, picture: null, colors: null });
    expect(cache.bytes).toBe(120);
    cache.setPreview('gone', { alpha, picture: null, colors: null });
    expect(cache.delete(id)).toBe(true);
    expect(cache.delete(id)).toBe(false);
    expect(cache.bytes).toBe(0);
  });

  it('really lets go of pictures', async () => {
    vi.useRealTimers();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const cache = new MatteCache({ maxBytes: 1e9, keepFor: 60_000 });
    const references = [0, 1, 2].map(() => {
      const item = matte(1000);
      cache.add(item, 3000);
      return [new WeakRef(item.alpha.data), new WeakRef(item.picture!)];
    });
    cache.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
    expect(references.flat().every((reference) => reference.deref() === undefined)).toBe(true);
    expect([cache.bytes, cache.size]).toEqual([0, 0]);
  });
});
