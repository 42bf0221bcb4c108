import type { Tensor } from '../inference/session.ts';
import type { ModelSpec } from '../registry/model-spec.ts';

/**
 * Packs interleaved RGB (0..255) into the float tensor that the spec describes: `(sample - mean) * scale` per channel,
 * channels in the spec's order, shape 1 x 3 x height x width (NCHW) or height x width x 3 (HWC).
 */
export function packTensor(rgb: Uint8Array, { input }: ModelSpec): Tensor {
  const { width, height, layout } = input;
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
