import { expect, test } from 'vitest';
import { POINT_PATTERN, REGION_PATTERN } from '../../../protocol/matte.ts';
import { checkPoint, checkRegion, parsePoint, parseRegion } from '../../../server/imaging/area.ts';

const picture = { width: 480, height: 320 };

test('regions and points are whole pixels, with commas', () => {
  expect(parseRegion('10,20,300,200')).toEqual({ left: 10, top: 20, width: 300, height: 200 });
  expect(parsePoint('479,0')).toEqual({ x: 479, y: 0 });
  const region = new RegExp(REGION_PATTERN);
  for (const text of ['0,0,1,1', '29999,29999,30000,30000']) expect(region.test(text)).toBe(true);
  for (const text of ['', '1,1,1', '1,1,1,1,1', '0,0,0,1', '0,0,1,0', '-1,0,1,1', '1.5,0,1,1', '0,0,1,1 ', '1e3,0,1,1'])
    expect(region.test(text)).toBe(false);
  const point = new RegExp(POINT_PATTERN);
  for (const text of ['0,0', '29999,5']) expect(point.test(text)).toBe(true);
  for (const text of ['', '1', '1,2,3', '-1,0', ' 1,1', '0x1,1', '123456,1']) expect(point.test(text)).toBe(false);
});

test.each(['0,0,480,320', '479,319,1,1'])('region %s lies inside', (text) => {
  expect(() => checkRegion(parseRegion(text), picture)).not.toThrow();
});

test.each(['0,0,481,1', '480,0,1,1', '5,318,1,3'])('region %s does not', (text) => {
  expect(() => checkRegion(parseRegion(text), picture)).toThrow(/does not lie inside the picture of 480 x 320/);
});

test('points too', () => {
  expect(() => checkPoint({ x: 479, y: 319 }, picture)).not.toThrow();
  for (const [x, y] of [
    [480, 0],
    [0, 320],
  ] as const) {
    expect(() => checkPoint({ x, y }, picture)).toThrow(`The point ${x},${y} does not lie inside`);
  }
});
