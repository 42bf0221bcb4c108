import { expect, test } from 'vitest';
import { chooseGrid } from '../../../../server/matting/grid/preprocess.ts';
import type { ModelSpec } from '../../../../server/registry/spec/model-spec.ts';
import { buildStandIn } from '../../../fixtures/stand-in.ts';

const { spec } = buildStandIn(1024);
const fitting = (fit: ModelSpec['input']['fit']): ModelSpec => ({ ...spec, input: { ...spec.input, fit } });
const picture = { width: 3000, height: 2000 };
const square = (side: number) => ({ width: side, height: side });

test('a view gets the square that it asks for where the session takes any size', () => {
  expect(chooseGrid(fitting('squash'), true, picture, 640)).toEqual(square(640));
  expect(chooseGrid(fitting('squash'), true, picture)).toEqual(square(1024));
  // On a graphics card with fixed sizes.
  expect(chooseGrid(fitting('squash'), false, picture, 640)).toEqual(square(1024));
});

test('a network that keeps the shape of pictures gets a grid of that shape', () => {
  expect(chooseGrid(fitting('aspect'), true, picture)).toEqual({ width: 1024, height: 688 });
  expect(chooseGrid(fitting('aspect'), false, picture)).toEqual(square(1024));
});
