import { expect, test } from 'vitest';
import { keepFixes } from '../../../plugin/commands/color-fixes.ts';
import type { Picture, Pixels } from '../../../plugin/picture.ts';

/** 4 x 3 pixels of the same color at 10, 20 of the document. */
function create(depth: 8 | 16, channels: 3 | 4): { picture: Picture; cleaned: Pixels } {
  const shape = { width: 4, height: 3, depth };
  const fill = (count: number) =>
    (depth === 8 ? new Uint8Array(count) : new Uint16Array(count)).fill(depth === 8 ? 90 : 90 * 257);
  const picture: Picture = {
    ...shape,
    left: 10,
    top: 20,
    channels,
    profile: 'Adobe RGB (1998)',
    data: fill(12 * channels),
  };
  return { picture, cleaned: { ...shape, channels: 4, data: fill(12 * 4) } };
}

test.each([
  [8, 3],
  [8, 4],
  [16, 3],
  [16, 4],
] as const)('keeps what changed, at its place and in its colors (%i bits, %i channels)', (depth, channels) => {
  const { picture, cleaned } = create(depth, channels);
  const unit = depth === 8 ? 1 : 257;
  cleaned.data[(1 * 4 + 1) * 4] = 40 * unit;
  cleaned.data[(2 * 4 + 2) * 4 + 2] = 70 * unit;
  // Rounding, and what is under no pixel at all.
  cleaned.data[0] = 91 * unit;
  const found = keepFixes(cleaned, picture)!;
  expect(found).toMatchObject({
    left: 11,
    top: 21,
    width: 2,
    height: 2,
    channels: 4,
    depth,
    profile: 'Adobe RGB (1998)',
  });
  const [none, full] = [[0, 0, 0, 0], 255 * unit];
  expect([...found.data]).toEqual(
    [[40 * unit, 90 * unit, 90 * unit, full], none, none, [90 * unit, 90 * unit, 70 * unit, full]].flat(),
  );
});

test('nothing where nothing changed, or where the picture is transparent', () => {
  const { picture, cleaned } = create(8, 4);
  expect(keepFixes(cleaned, picture)).toBeNull();
  picture.data[3] = 0;
  cleaned.data[0] = 0;
  expect(keepFixes(cleaned, picture)).toBeNull();
});
