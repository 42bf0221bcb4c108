import type { GraphBuilder } from './graph-builder.ts';
import type { SmallGraph } from './small-graphs.ts';

const FLOAT = { T: { type: 'DT_FLOAT' } };
const NHWC = { ...FLOAT, data_format: 'NHWC' };

interface Conv {
  padding: string;
  stride?: number;
  dilation?: number;
  kernel?: [number, number];
}

function window({ padding, stride = 1, dilation = 1 }: Conv) {
  return { ...NHWC, padding, strides: [1, stride, stride, 1], dilations: [1, dilation, dilation, 1] };
}

function conv(options: Conv, shape = [1, 9, 8, 4]): SmallGraph {
  const kernel = options.kernel ?? [3, 3];
  return {
    name: `Conv2D ${JSON.stringify(options)} on ${shape}`,
    shape,
    build: (g, x) => g.op('Conv2D', [x, g.weights([...kernel, 4, 5])], window(options)),
  };
}

function depthwise(options: Conv, multiplier: number): SmallGraph {
  return {
    name: `DepthwiseConv2dNative ${JSON.stringify(options)} times ${multiplier}`,
    shape: [1, 9, 8, 4],
    build: (g, x) => g.op('DepthwiseConv2dNative', [x, g.weights([3, 3, 4, multiplier], 1)], window(options)),
  };
}

function transposed(padding: string, kernel: number, stride: number, size: [number, number]): SmallGraph {
  return {
    name: `Conv2DBackpropInput ${padding} ${kernel} by ${stride} to ${size}`,
    shape: [1, 4, 5, 4],
    build: (g, x) =>
      g.op(
        'Conv2DBackpropInput',
        [g.ints([1, ...size, 3]), g.weights([kernel, kernel, 3, 4]), x],
        window({ padding, stride }),
      ),
  };
}

function resize(op: string, corners: boolean, half: boolean, size: [number, number]): SmallGraph {
  return {
    name: `${op} to ${size}${corners ? ' align_corners' : ''}${half ? ' half_pixel_centers' : ''}`,
    shape: [1, 6, 5, 4],
    build: (g, x) => g.op(op, [x, g.ints(size)], { ...FLOAT, align_corners: corners, half_pixel_centers: half }),
  };
}

function pool(op: string, padding: string, size: number, stride: number): SmallGraph {
  return {
    name: `${op} ${padding} ${size} by ${stride}`,
    shape: [1, 9, 8, 4],
    build: (g, x) => g.op(op, [x], { ...NHWC, padding, ksize: [1, size, size, 1], strides: [1, stride, stride, 1] }),
  };
}

const PLACEMENTS: [boolean, boolean][] = [
  [false, false],
  [true, false],
  [false, true],
];

export const pictureGraphs: SmallGraph[] = [
  conv({ padding: 'SAME' }),
  conv({ padding: 'VALID' }),
  conv({ padding: 'SAME', stride: 2 }),
  conv({ padding: 'SAME', stride: 2 }, [1, 8, 8, 4]),
  conv({ padding: 'VALID', stride: 2 }),
  conv({ padding: 'SAME', dilation: 2 }),
  conv({ padding: 'SAME', kernel: [1, 1] }),
  conv({ padding: 'SAME', kernel: [2, 5], stride: 3 }),
  depthwise({ padding: 'SAME' }, 1),
  depthwise({ padding: 'SAME', stride: 2 }, 2),
  depthwise({ padding: 'VALID', dilation: 2 }, 1),
  transposed('SAME', 3, 2, [8, 10]),
  transposed('SAME', 4, 2, [8, 10]),
  transposed('SAME', 2, 2, [8, 10]),
  transposed('SAME', 3, 2, [7, 9]),
  transposed('VALID', 3, 2, [9, 11]),
  ...['ResizeBilinear', 'ResizeNearestNeighbor'].flatMap((op) =>
    PLACEMENTS.flatMap(([corners, half]) => [
      resize(op, corners, half, [12, 10]),
      resize(op, corners, half, [9, 13]),
      resize(op, corners, half, [3, 4]),
    ]),
  ),
  pool('MaxPool', 'SAME', 3, 2),
  pool('MaxPool', 'VALID', 2, 2),
  pool('AvgPool', 'SAME', 3, 2),
  pool('AvgPool', 'VALID', 2, 1),
  {
    name: 'AvgPool over everything',
    shape: [1, 9, 8, 4],
    build: (g, x) => g.op('AvgPool', [x], { ...NHWC, padding: 'VALID', ksize: [1, 9, 8, 1], strides: [1, 9, 8, 1] }),
  },
  {
    name: '_FusedConv2D with Prelu',
    shape: [1, 9, 8, 4],
    build: (g, x) =>
      g.op('_FusedConv2D', [x, g.weights([3, 3, 4, 5]), g.weights([5]), g.between(-1, 1, [5])], {
        ...window({ padding: 'SAME' }),
        fused_ops: ['BiasAdd', 'Prelu'],
        num_args: 2,
      }),
  },
  ...['Relu', 'Relu6', 'Elu', 'Sigmoid', 'LeakyRelu'].map(
    (activation): SmallGraph => fused('_FusedConv2D', activation),
  ),
  fused('FusedDepthwiseConv2dNative', 'Relu6'),
  {
    name: 'FusedBatchNormV3',
    shape: [1, 9, 8, 4],
    build: (g, x) => {
      const numbers = [g.between(0.5, 1.5, [4]), g.weights([4]), g.weights([4]), g.between(0.5, 2, [4])];
      return g.op('FusedBatchNormV3', [x, ...numbers], { ...NHWC, epsilon: { float: 1e-3 }, is_training: false });
    },
  },
  { name: 'dilation by SpaceToBatchND', shape: [1, 9, 8, 4], build: (g, x) => dilated(g, x) },
  {
    name: 'SpaceToBatchND and BatchToSpaceND around Relu',
    shape: [1, 8, 6, 4],
    build: (g, x) => {
      const block = g.ints([2, 2]);
      const batch = g.op('SpaceToBatchND', [x, block, g.ints([1, 1, 0, 2], [2, 2])], FLOAT);
      return g.op('BatchToSpaceND', [g.op('Relu', [batch], FLOAT), block, g.ints([1, 1, 0, 2], [2, 2])], FLOAT);
    },
  },
  {
    name: 'DepthToSpace',
    shape: [1, 3, 5, 8],
    build: (g, x) => g.op('DepthToSpace', [x], { ...NHWC, block_size: 2 }),
  },
  {
    name: 'Conv2D with explicit paddings',
    shape: [1, 9, 8, 4],
    build: (g, x) =>
      g.op('Conv2D', [x, g.weights([3, 3, 4, 5])], {
        ...window({ padding: 'EXPLICIT', stride: 2 }),
        explicit_paddings: [0, 0, 1, 2, 0, 1, 0, 0],
      }),
  },
  {
    name: 'Pad before a strided convolution',
    shape: [1, 9, 8, 4],
    build: (g, x) => {
      const padded = g.op('Pad', [x, g.ints([0, 0, 1, 1, 1, 0, 0, 0], [4, 2])], FLOAT);
      return g.op('Conv2D', [padded, g.weights([3, 3, 4, 5])], window({ padding: 'VALID', stride: 2 }));
    },
  },
  { name: 'unfolded batch norm', shape: [1, 9, 8, 4], build: unfoldedNorm },
];

function fused(op: string, activation: string): SmallGraph {
  const outputs = op === '_FusedConv2D' ? 5 : 1;
  return {
    name: `${op} with ${activation}`,
    shape: [1, 9, 8, 4],
    build: (g, x) =>
      g.op(op, [x, g.weights([3, 3, 4, outputs]), g.weights([op === '_FusedConv2D' ? 5 : 4])], {
        ...window({ padding: 'SAME' }),
        fused_ops: ['BiasAdd', activation],
        num_args: 1,
        leakyrelu_alpha: { float: 0.25 },
      }),
  };
}

function dilated(g: GraphBuilder, x: string): string {
  const block = g.ints([2, 2]);
  const batch = g.op('SpaceToBatchND', [x, block, g.ints([2, 3, 2, 2], [2, 2])], FLOAT);
  const product = g.op('Conv2D', [batch, g.weights([3, 3, 4, 5])], window({ padding: 'VALID' }));
  return g.op('BatchToSpaceND', [product, block, g.ints([0, 1, 0, 0], [2, 2])], FLOAT);
}

/** tf.nn.batch_normalization before there was a fused one: Rsqrt, Mul, Sub and Add. */
function unfoldedNorm(g: GraphBuilder, x: string): string {
  const product = g.op('Conv2D', [x, g.weights([3, 3, 4, 5])], window({ padding: 'SAME' }));
  const spread = g.op('Rsqrt', [g.op('AddV2', [g.between(0.5, 2, [5]), g.floats(1e-3)], FLOAT)], FLOAT);
  const scale = g.op('Mul', [spread, g.between(0.5, 1.5, [5])], FLOAT);
  const offset = g.op('Sub', [g.weights([5]), g.op('Mul', [g.weights([5]), scale], FLOAT)], FLOAT);
  return g.op('AddV2', [g.op('Mul', [product, scale], FLOAT), offset], FLOAT);
}
