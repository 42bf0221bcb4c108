import type { Tensor } from '../inference/session.ts';
import type { ModelSpec } from '../registry/model-spec.ts';

/**
 * Packs interleaved RGB (0..255) into the planar float tensor that the spec describes:
 * `(sample - mean) * scale` per channel, channels in the spec's order, shape 1 x 3 x height x width.
 */
export function packTensor(rgb: Uint8Array, { input }: ModelSpec): Tensor {
  const plane = input.width * input.height;
  const data = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    // Mean and scale are given in the order the network sees its channels.
    const source = input.channels === 'RGB' ? channel : 2 - channel;
    const scale = input.scale[channel]!;
    const bias = -input.mean[channel]! * scale;
    const offset = channel * plane;
    for (let i = 0, j = source; i < plane; i++, j += 3) data[offset + i] = rgb[j]! * scale + bias;
  }
  return { data, dims: [1, 3, input.height, input.width] };
}
