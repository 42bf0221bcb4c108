import { expect, test } from 'vitest';
import { pickSpots } from '../../../plugin/host/mask-spots.ts';

function ramp(width: number, height: number, depth: 8 | 16) {
  const full = depth === 8 ? 255 : 65535;
  const data = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  for (let index = 0; index < data.length; index++) {
    const share = ((index % width) / width - 0.4) / 0.2;
    data[index] = Math.round(full * Math.min(1, Math.max(0, share)));
  }
  return { width, height, depth, data };
}

test.each([8, 16] as const)('finds hidden, mixed and shown parts of a %i-bit mask, all on the canvas', (depth) => {
  const mask = ramp(503, 301, depth);
  const spots = pickSpots(mask);
  const kinds = spots.map(({ kind }) => kind);
  expect(kinds).toEqual(['hidden', 'hidden', 'hidden', 'mixed', 'mixed', 'mixed', 'shown', 'shown', 'shown']);
  for (const { bounds } of spots) {
    expect(bounds.left).toBeLessThan(bounds.right);
    expect(bounds.right).toBeLessThanOrEqual(503);
    expect(bounds.bottom).toBeLessThanOrEqual(301);
  }
  const hidden = spots.filter(({ kind }) => kind === 'hidden').map(({ bounds }) => bounds.top);
  expect(hidden.at(-1)! - hidden[0]!).toBeGreaterThan(200);
});

test('a mask smaller than a spot still has one', () => {
  expect(pickSpots({ width: 1, height: 1, depth: 8, data: new Uint8Array([255]) })).toEqual([
    { bounds: { left: 0, top: 0, right: 1, bottom: 1 }, kind: 'shown' },
  ]);
});
