import type { Tensor } from '../../inference/session.ts';
import type { ModelSpec } from '../../registry/spec/model-spec.ts';
import type { Grid } from './preprocess.ts';

/** Alpha on the network's own grid: 0 (background) to 1 (subject), row-major. */
export interface CoarseAlpha {
  width: number;
  height: number;
  data: Float32Array;
}

/**
 * Reads the network's output as alpha: scales the spec's range to 0..1 and clamps.
 * @throws {Error} when the tensor does not have the grid's size or holds values that are not numbers.
 */
export function readCoarseAlpha(
  output: Tensor,
  { input, output: { range } }: ModelSpec,
  { width, height }: Grid = input,
): CoarseAlpha {
  if (output.data.length !== width * height)
    throw new Error(`expected ${width} x ${height} values, got ${output.dims.join(' x ')}`);
  const [low, high] = range;
  const factor = 1 / (high - low);
  const data = new Float32Array(output.data.length);
  for (let i = 0; i < data.length; i++) {
    const value = (output.data[i]! - low) * factor;
    // NaN fails both comparisons: a broken provider must not turn into a plausible mask.
    if (value >= 1) data[i] = 1;
    else if (value > 0) data[i] = value;
    else if (value <= 0) data[i] = 0;
    else throw new Error('the network returned values that are not numbers');
  }
  return { width, height, data };
}
