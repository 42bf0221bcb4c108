import { describe, expect, test } from 'vitest';
import { packBits, packedBound } from '../../../../server/imaging/psd/packbits.ts';
import { seeded } from '../../random.ts';
import { unpack } from './strict-reader.ts';

function pack(...bytes: number[]): number[] {
  const target = new Uint8Array(packedBound(bytes.length));
  return [...target.subarray(0, packBits(Uint8Array.from(bytes), target, 0))];
}

describe('packBits', () => {
  test('packs the example of the TIFF specification into something as short', () => {
    const source = [0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22];
    source.push(...Array(10).fill(0xaa));
    const packed = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
    expect(pack(...source)).toEqual(packed);
  });

  test.each([
    [[], []],
    [[7], [0, 7]],
    [
      [7, 7],
      [1, 7, 7],
    ],
    [
      [7, 7, 7],
      [254, 7],
    ],
    [Array(128).fill(7), [129, 7]],
    [Array(129).fill(7), [129, 7, 0, 7]],
  ])('%j', (source, packed) => {
    expect(pack(...source)).toEqual(packed);
  });

  test('gives back every line and never grows beyond its bound', () => {
    const random = seeded(1);
    for (let round = 0; round < 400; round++) {
      const levels = 1 + Math.floor(random() * 4) ** 4;
      const source = Uint8Array.from({ length: Math.floor(random() * 700) }, () => Math.floor(random() * levels));
      const target = new Uint8Array(packedBound(source.length));
      const end = packBits(source, target, 0);
      expect(end).toBeLessThanOrEqual(target.length);
      const back = new Uint8Array(source.length);
      unpack(target.subarray(0, end), back);
      expect(back).toEqual(source);
    }
  });

  test('writes where it is told and nowhere else', () => {
    const target = new Uint8Array(10).fill(99);
    expect(packBits(Uint8Array.of(1, 2), target, 4)).toBe(7);
    expect([...target]).toEqual([99, 99, 99, 99, 1, 1, 2, 99, 99, 99]);
  });
});
