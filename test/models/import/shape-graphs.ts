import type { GraphBuilder } from './graph-builder.ts';
import type { SmallGraph } from './small-graphs.ts';

const FLOAT = { T: { type: 'DT_FLOAT' } };
const PICTURE = [1, 6, 8, 4];

function graph(name: string, build: SmallGraph['build'], shape = PICTURE): SmallGraph {
  return { name, shape, build };
}

function stridedSlice(name: string, begin: number[], end: number[], step: number[], masks = {}): SmallGraph {
  return graph(`StridedSlice ${name}`, (g, x) =>
    g.op('StridedSlice', [x, g.ints(begin), g.ints(end), g.ints(step)], {
      ...FLOAT,
      Index: { type: 'DT_INT32' },
      ...masks,
    }),
  );
}

export const shapeGraphs: SmallGraph[] = [
  graph('Reshape', (g, x) => g.op('Reshape', [x, g.ints([1, -1, 2])], FLOAT)),
  graph('Squeeze', (g, x) => g.op('Squeeze', [x], { ...FLOAT, squeeze_dims: [0] })),
  graph('ExpandDims', (g, x) => g.op('ExpandDims', [x, g.ints(1)], FLOAT)),
  graph('Transpose to channels first', (g, x) => g.op('Transpose', [x, g.ints([0, 3, 1, 2])], FLOAT)),
  graph('Transpose of channels first', (g, x) => g.op('Transpose', [x, g.ints([0, 2, 3, 1])], FLOAT)),
  graph('Transpose of height and width', (g, x) => g.op('Transpose', [x, g.ints([0, 2, 1, 3])], FLOAT)),
  ...[1, 2, 3].map((axis) =>
    graph(`ConcatV2 on axis ${axis}`, (g, x) => {
      const other = [1, 6, 8, 4].map((n, d) => (d === axis ? 3 : n));
      return g.op('ConcatV2', [x, g.weights(other), x, g.ints(axis)], { ...FLOAT, N: 3 });
    }),
  ),
  graph('Pack', (g, x) => g.op('Pack', [x, g.op('Neg', [x], FLOAT)], { ...FLOAT, axis: 1, N: 2 })),
  graph('Unpack', (g, x) => {
    const parts = g.op('Unpack', [x], { ...FLOAT, axis: 3, num: 4 });
    return g.op('Sub', [`${parts}:1`, `${parts}:3`], FLOAT);
  }),
  graph('Split', (g, x) => {
    const parts = g.op('Split', [g.ints(3), x], { ...FLOAT, num_split: 2 });
    return g.op('Mul', [parts, `${parts}:1`], FLOAT);
  }),
  graph('SplitV', (g, x) => {
    const parts = g.op('SplitV', [x, g.ints([2, -1]), g.ints(2)], { ...FLOAT, num_split: 2 });
    return g.op('Relu', [`${parts}:1`], FLOAT);
  }),
  graph('Slice', (g, x) => g.op('Slice', [x, g.ints([0, 1, 2, 1]), g.ints([1, 3, -1, 2])], FLOAT)),
  stridedSlice('with steps', [0, 1, 0, 0], [1, 6, 8, 4], [1, 2, 3, 1]),
  stridedSlice('from the end', [0, -4, 0, 0], [1, -1, 8, 4], [1, 1, 1, 1]),
  stridedSlice('with masks', [0, 2, 3, 0], [0, 5, 0, 0], [1, 1, 1, 1], { begin_mask: 9, end_mask: 13 }),
  stridedSlice('shrinking', [0, 2, 0, 3], [1, 3, 8, 4], [1, 1, 1, 1], { shrink_axis_mask: 10 }),
  stridedSlice('with an ellipsis', [0, 1], [0, 3], [1, 1], { ellipsis_mask: 1 }),
  stridedSlice('with a new axis', [0, 0, 0], [0, 0, 1], [1, 1, 1], {
    new_axis_mask: 4,
    ellipsis_mask: 1,
    begin_mask: 2,
    end_mask: 2,
  }),
  graph('Pad', (g, x) => g.op('Pad', [x, g.ints([0, 0, 1, 2, 0, 3, 1, 0], [4, 2])], FLOAT)),
  graph('PadV2', (g, x) => g.op('PadV2', [x, g.ints([0, 0, 1, 2, 0, 3, 1, 0], [4, 2]), g.floats(0.5)], FLOAT)),
  ...['REFLECT', 'SYMMETRIC'].map((mode) =>
    graph(`MirrorPad ${mode}`, (g, x) =>
      g.op('MirrorPad', [x, g.ints([0, 0, 1, 1, 1, 0, 0, 0], [4, 2])], { ...FLOAT, mode }),
    ),
  ),
  graph('Tile', (g, x) => g.op('Tile', [x, g.ints([1, 2, 1, 3])], FLOAT)),
  graph('ReverseV2', (g, x) => g.op('ReverseV2', [x, g.ints([1, 3])], FLOAT)),
  graph('BroadcastTo', (g, x) =>
    g.op('Add', [x, g.op('BroadcastTo', [g.floats([1, 2, 3, 4]), g.ints(PICTURE)], FLOAT)], FLOAT),
  ),
  graph('Fill', (g, x) => g.op('Mul', [x, g.op('Fill', [g.ints(PICTURE), g.floats(2)], FLOAT)], FLOAT)),
  graph('GatherV2', (g, x) => g.op('GatherV2', [x, g.ints([3, 0, 0]), g.ints(2)], { Tparams: { type: 'DT_FLOAT' } })),
  graph('GatherNd', (g, x) =>
    g.op('GatherNd', [x, g.ints([0, 1, 2, 0, 5, 7], [2, 3])], { Tparams: { type: 'DT_FLOAT' } }),
  ),
  graph('TopKV2', (g, x) =>
    g.op('TopKV2', [g.op('Reshape', [x, g.ints([4, 48])], FLOAT), g.ints(5)], { ...FLOAT, sorted: true }),
  ),
  graph('OneHot', (g, x) => {
    const best = g.op('ArgMax', [x, g.ints(3)], { ...FLOAT, output_type: { type: 'DT_INT32' } });
    return g.op('OneHot', [best, g.ints(4), g.floats(2), g.floats(-1)], { ...FLOAT, axis: -1 });
  }),
  graph('MatMul', (g, x) => {
    const rows = g.op('Reshape', [x, g.ints([8, 24])], FLOAT);
    return g.op('MatMul', [rows, g.weights([5, 24])], { ...FLOAT, transpose_a: false, transpose_b: true });
  }),
  graph('_FusedMatMul', (g, x) => {
    const rows = g.op('Reshape', [x, g.ints([8, 24])], FLOAT);
    const fused = { fused_ops: ['BiasAdd', 'Relu'], num_args: 1, transpose_a: false, transpose_b: false };
    return g.op('_FusedMatMul', [rows, g.weights([24, 5]), g.weights([5])], { ...FLOAT, ...fused });
  }),
  graph('BatchMatMulV2', (g, x) => g.op('BatchMatMulV2', [x, x], { ...FLOAT, adj_x: true, adj_y: false })),
  graph('Einsum', (g, x) => g.op('Einsum', [x, g.weights([4, 3])], { ...FLOAT, equation: 'bhwc,cd->bhwd' })),
  graph('Shape, StridedSlice, Pack and Reshape', shapeArithmetic),
  graph('Range, Cast and ExpandDims', (g, x) => {
    const range = g.op('Range', [g.ints(0), g.ints(8), g.ints(1)], { Tidx: { type: 'DT_INT32' } });
    const steps = g.op('Cast', [range], { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } });
    return g.op('Mul', [x, g.op('ExpandDims', [steps, g.ints(-1)], FLOAT)], FLOAT);
  }),
];

function shapeArithmetic(g: GraphBuilder, x: string): string {
  const shape = g.op('Shape', [x], { ...FLOAT, out_type: { type: 'DT_INT32' } });
  const at = (i: number) =>
    g.op('StridedSlice', [shape, g.ints([i]), g.ints([i + 1]), g.ints([1])], {
      T: { type: 'DT_INT32' },
      shrink_axis_mask: 1,
    });
  const INT = { T: { type: 'DT_INT32' } };
  const area = g.op('Mul', [at(1), at(2)], INT);
  const half = g.op('FloorDiv', [at(3), g.ints(2)], INT);
  return g.op(
    'Reshape',
    [x, g.op('Pack', [g.op('Mul', [area, g.ints(2)], INT), half], { ...INT, axis: 0, N: 2 })],
    FLOAT,
  );
}
