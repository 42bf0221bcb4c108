import type { GraphBuilder } from './graph-builder.ts';

/** A small graph around one operation: given the input's name, adds nodes and returns the output's. */
export interface SmallGraph {
  name: string;
  /** Shape of the input; 4-D ones are tried behind a convolution too, where values are channels-first. */
  shape: number[];
  build: (g: GraphBuilder, x: string) => string;
}

const FLOAT = { T: { type: 'DT_FLOAT' } };
const PICTURE = [1, 7, 6, 4];

function unary(op: string, attrs = {}): SmallGraph {
  return { name: op, shape: PICTURE, build: (g, x) => g.op(op, [x], { ...FLOAT, ...attrs }) };
}

/** For operations defined on positive numbers only. */
function unaryPositive(op: string): SmallGraph {
  const build = (g: GraphBuilder, x: string) =>
    g.op(op, [g.op('AddV2', [g.op('Abs', [x], FLOAT), g.floats(0.5)], FLOAT)], FLOAT);
  return { name: op, shape: PICTURE, build };
}

function binary(op: string): SmallGraph[] {
  const own = (g: GraphBuilder, x: string) => g.op(op, [x, g.between(0.5, 2, PICTURE)], FLOAT);
  const channels = (g: GraphBuilder, x: string) => g.op(op, [x, g.between(0.5, 2, [4])], FLOAT);
  const first = (g: GraphBuilder, x: string) =>
    g.op(op, [g.floats(1.5), g.op('AddV2', [g.op('Abs', [x], FLOAT), g.floats(0.5)], FLOAT)], FLOAT);
  return [
    { name: `${op} with a constant`, shape: PICTURE, build: own },
    { name: `${op} per channel`, shape: PICTURE, build: channels },
    { name: `${op} of a scalar`, shape: PICTURE, build: first },
  ];
}

function compare(op: string): SmallGraph {
  const build = (g: GraphBuilder, x: string) => {
    const mask = g.op(op, [x, g.floats([0, 0.1, -0.2, 0.3])], FLOAT);
    return g.op('Cast', [mask], { SrcT: { type: 'DT_BOOL' }, DstT: { type: 'DT_FLOAT' } });
  };
  return { name: op, shape: PICTURE, build };
}

function reduction(op: string, axes: number[], keep: boolean, shape = PICTURE): SmallGraph {
  return {
    name: `${op} over [${axes}]${keep ? ', kept' : ''}`,
    shape,
    build: (g, x) => g.op(op, [x, g.ints(axes)], { ...FLOAT, Tidx: { type: 'DT_INT32' }, keep_dims: keep }),
  };
}

export const elementwiseGraphs: SmallGraph[] = [
  ...[
    'Relu',
    'Relu6',
    'Elu',
    'Selu',
    'Sigmoid',
    'Tanh',
    'Softplus',
    'Abs',
    'Neg',
    'Exp',
    'Floor',
    'Ceil',
    'Round',
    'Sin',
  ]
    .concat(['Cos', 'Tan', 'Atan', 'Sinh', 'Cosh', 'Erf', 'Square', 'Sign', 'Expm1'])
    .map((op) => unary(op)),
  ...['Log', 'Sqrt', 'Rsqrt', 'Reciprocal', 'Log1p'].map(unaryPositive),
  unary('LeakyRelu', { alpha: { float: 0.3 } }),
  ...[
    'Add',
    'AddV2',
    'Sub',
    'Mul',
    'RealDiv',
    'Maximum',
    'Minimum',
    'SquaredDifference',
    'FloorDiv',
    'FloorMod',
  ].flatMap(binary),
  ...['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual'].map(compare),
  {
    name: 'Pow',
    shape: PICTURE,
    build: (g, x) => g.op('Pow', [g.op('Sigmoid', [x], FLOAT), g.floats([0.5, 1, 2, 3])], FLOAT),
  },
  { name: 'Atan2', shape: PICTURE, build: (g, x) => g.op('Atan2', [x, g.between(-1, 1, [7, 6, 4])], FLOAT) },
  { name: 'Prelu', shape: PICTURE, build: (g, x) => g.op('Prelu', [x, g.between(-1, 1, [1, 1, 4])], FLOAT) },
  { name: 'AddN', shape: PICTURE, build: (g, x) => g.op('AddN', [x, g.weights(PICTURE), x], { ...FLOAT, N: 3 }) },
  { name: 'BiasAdd', shape: PICTURE, build: (g, x) => g.op('BiasAdd', [x, g.weights([4])], FLOAT) },
  {
    name: 'SelectV2',
    shape: PICTURE,
    build: (g, x) => {
      const positive = g.op('Greater', [x, g.floats(0)], FLOAT);
      return g.op('SelectV2', [positive, g.op('Square', [x], FLOAT), g.floats([1, 2, 3, 4])], FLOAT);
    },
  },
  {
    name: 'LogicalAnd, LogicalOr, LogicalNot',
    shape: PICTURE,
    build: (g, x) => {
      const [a, b] = [g.op('Greater', [x, g.floats(0)], FLOAT), g.op('Less', [x, g.floats(0.4)], FLOAT)];
      const both = g.op('LogicalAnd', [a, b]);
      const mask = g.op('LogicalOr', [both, g.op('LogicalNot', [b])]);
      return g.op('Cast', [mask], { SrcT: { type: 'DT_BOOL' }, DstT: { type: 'DT_FLOAT' } });
    },
  },
  {
    name: 'hard swish',
    shape: PICTURE,
    build: (g, x) => {
      const gate = g.op('Relu6', [g.op('AddV2', [x, g.floats(3)], FLOAT)], FLOAT);
      return g.op('Mul', [g.op('Mul', [x, g.floats(1 / 6)], FLOAT), gate], FLOAT);
    },
  },
  {
    name: 'ZerosLike and OnesLike',
    shape: PICTURE,
    build: (g, x) =>
      g.op('Sub', [g.op('Sub', [x, g.op('ZerosLike', [x], FLOAT)], FLOAT), g.op('OnesLike', [x], FLOAT)], FLOAT),
  },
];

export const reductionGraphs: SmallGraph[] = [
  ...['Mean', 'Sum', 'Max', 'Min', 'Prod'].flatMap((op) => [
    reduction(op, [1, 2], true),
    reduction(op, [3], false),
    reduction(op, [-1], true),
    reduction(op, [0, 2], false),
  ]),
  ...['ArgMax', 'ArgMin'].map(
    (op): SmallGraph => ({
      name: op,
      shape: PICTURE,
      build: (g, x) => {
        const found = g.op(op, [x, g.ints(3)], { ...FLOAT, output_type: { type: 'DT_INT32' } });
        return g.op('Cast', [found], { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } });
      },
    }),
  ),
  unary('Softmax'),
  unary('LogSoftmax'),
];
