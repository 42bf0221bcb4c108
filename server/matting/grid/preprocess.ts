import type { Tensor } from '../../inference/session.ts';
import type { ModelSpec } from '../../registry/spec/model-spec.ts';

export interface Grid {
  width: number;
  height: number;
}

/** Sides of flexible grids are multiples of this: the strides of the networks that we know divide it. */
const MULTIPLE = 16;

/**
 * The grid on which a network sees a picture: the spec's own, or where both the spec and the session allow it, one of
 * the picture's shape with the same longer side, or a square of `side` pixels.
 */
export function chooseGrid({ input }: ModelSpec, flexible: boolean, picture: Grid, side?: number): Grid {
  const { width, height } = input;
  if (!flexible) return { width, height };
  if (input.fit === 'aspect') return shapeGrid(picture, Math.max(width, height));
  return side ? { width: side, height: side } : { width, height };
}

/** A grid of the picture's shape with the given longer side. */
export function shapeGrid(picture: Grid, longer: number): Grid {
  const scale = longer / Math.max(picture.width, picture.height);
  const side = (length: number) => Math.max(MULTIPLE, Math.round((length * scale) / MULTIPLE) * MULTIPLE);
  return { width: side(picture.width), height: side(picture.height) };
}

/**
 * Packs interleaved RGB (0..255) into the float tensor that the spec describes: `(sample - mean) * scale` per channel,
 * channels in the spec's order, shape 1 x 3 x height x width (NCHW) or height x width x 3 (HWC).
 */
export function packTensor(rgb: Uint8Array, { input }: ModelSpec, { width, height }: Grid = input): Tensor {
  const { layout } = input;
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  const planar = layout === 'NCHW';
  const step = planar ? 1 : 3;
  for (let channel = 0; channel < 3; channel++) {
    // Mean and scale are given in the order the network sees its channels.
    const source = input.channels === 'RGB' ? channel : 2 - channel;
    const scale = input.scale[channel]!;
    const bias = -input.mean[channel]! * scale;
    const start = planar ? channel * plane : channel;
    for (let i = 0, j = source, k = start; i < plane; i++, j += 3, k += step) data[k] = rgb[j]! * scale + bias;
  }
  return { data, dims: planar ? [1, 3, height, width] : [height, width, 3] };
}
