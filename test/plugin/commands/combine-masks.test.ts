import { expect, test } from 'vitest';
import { combineMasks, limitToMarquee, opacityOf, setOpacity } from '../../../plugin/commands/combine-masks.ts';
import type { Marquee } from '../../../plugin/host/host.ts';
import type { Alpha } from '../../../plugin/picture.ts';
import type { MaskPolicy } from '../../../plugin/settings/settings.ts';

const row = (...values: number[]): Alpha => ({
  ...{ width: values.length, height: 1, depth: 8 },
  data: new Uint8Array(values),
});

const WHOLE = { left: 0, top: 0, width: 4, height: 1, marquee: null };

test.each<[MaskPolicy, number[]]>([
  ['replace', [0, 100, 200, 255]],
  ['intersect', [0, 100, 100, 0]],
  ['add', [50, 255, 200, 255]],
  ['subtract', [50, 155, 55, 0]],
  ['refine', [0, 100, 200, 255]],
])('%s', (policy, expected) => {
  expect([...combineMasks(policy, row(50, 255, 100, 0), row(0, 100, 200, 255), WHOLE).data]).toEqual(expected);
});

test.each<MaskPolicy>(['intersect', 'add', 'subtract'])('%s a second time changes nothing', (policy) => {
  const matte = [3, 90, 128, 250];
  const once = combineMasks(policy, row(20, 255, 60, 0), row(...matte), WHOLE);
  const twice = combineMasks(policy, { ...once, data: once.data.slice() }, row(...matte), WHOLE);
  expect(twice.data).toEqual(once.data);
});

test('an 8-bit mask and a 16-bit matte meet in 16 bits', () => {
  const matte: Alpha = { width: 2, height: 1, depth: 16, data: new Uint16Array([40_000, 10]) };
  expect([...combineMasks('intersect', row(128, 255), matte, WHOLE).data]).toEqual([128 * 257, 10]);
});

test('a refined mask stays what it was outside of the picture, and as far as the selection is not there', () => {
  const chosen: Alpha = { width: 2, height: 1, depth: 8, data: new Uint8Array([255, 51]) };
  const marquee = { bounds: { left: 1, top: 0, right: 3, bottom: 1 }, alpha: chosen };
  // What was found is 200, times the selection; the picture begins at the second pixel and has three.
  const found = row(0, 200, 40, 0, 0);
  const cover = { left: 1, top: 0, width: 3, height: 1, marquee };
  expect([...combineMasks('refine', row(9, 100, 100, 100, 7), found, cover).data]).toEqual([9, 200, 120, 100, 7]);
  const deep: Alpha = { width: 2, height: 1, depth: 16, data: new Uint16Array([40_000, 0]) };
  const left = { left: 0, top: 0, width: 1, height: 1, marquee: null };
  expect([...combineMasks('refine', row(128, 255), deep, left).data]).toEqual([40_000, 65_535]);
});

/** Where everything is 255 and the selection is 100. */
function limited(left: number, top: number, bounds: Marquee['bounds']): number[][] {
  const size = { width: bounds.right - bounds.left, height: bounds.bottom - bounds.top };
  const chosen: Alpha = { ...size, depth: 8, data: new Uint8Array(size.width * size.height).fill(100) };
  const alpha: Alpha = { width: 3, height: 2, depth: 8, data: new Uint8Array(6).fill(255) };
  const { data } = limitToMarquee(alpha, left, top, { bounds, alpha: chosen });
  return [[...data.subarray(0, 3)], [...data.subarray(3)]];
}

const ALL = [100, 100, 100];
const NONE = [0, 0, 0];

test.each([
  ['around it', { left: 0, top: 0, right: 20, bottom: 20 }, [ALL, ALL]],
  ['over its left', { left: 0, top: 0, right: 6, bottom: 20 }, [[100, 0, 0], [100, 0, 0]]], // biome-ignore format: rows
  ['inside it', { left: 6, top: 6, right: 7, bottom: 7 }, [NONE, [0, 100, 0]]],
  ['above it', { left: 0, top: 0, right: 20, bottom: 5 }, [NONE, NONE]],
  ['beside it', { left: 8, top: 0, right: 20, bottom: 20 }, [NONE, NONE]],
])('a selection %s', (_what, bounds, expected) => {
  expect(limited(5, 5, bounds)).toEqual(expected);
});

test('half a selection of half an opacity is a quarter', () => {
  const chosen: Marquee = { bounds: { left: 0, top: 0, right: 1, bottom: 1 }, alpha: row(128) };
  const alpha: Alpha = { width: 1, height: 1, depth: 16, data: new Uint16Array([32_768]) };
  expect(limitToMarquee(alpha, 0, 0, chosen).data[0]).toBe(Math.round((32_768 * 128) / 255));
  expect(limitToMarquee(row(7), 0, 0, null).data[0]).toBe(7);
});

test('the opacity of pixels, out and in', () => {
  const pixels = {
    width: 2,
    height: 1,
    channels: 4,
    depth: 8,
    data: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]),
  } as const;
  expect([...opacityOf(pixels).data]).toEqual([4, 8]);
  setOpacity(pixels, row(40, 80));
  expect([...pixels.data]).toEqual([1, 2, 3, 40, 5, 6, 7, 80]);
});
