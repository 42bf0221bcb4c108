import { addDims, broadcastShapes, floorDivideDims, floorModDims, multiplyDims, subtractDims } from './dims.ts';
import { broadcastTo } from './rearrange.ts';
import {
  type AnyTensor,
  type Dim,
  type DType,
  isFloat,
  isSymbolic,
  makeData,
  type SymbolicTensor,
  type Tensor,
  toSymbolic,
} from './tensor.ts';

type Binary = (a: number, b: number) => number;

const COMPARISONS: Record<string, Binary> = {
  Equal: (a, b) => +(a === b),
  NotEqual: (a, b) => +(a !== b),
  Less: (a, b) => +(a < b),
  LessEqual: (a, b) => +(a <= b),
  Greater: (a, b) => +(a > b),
  GreaterEqual: (a, b) => +(a >= b),
  LogicalAnd: (a, b) => +(a !== 0 && b !== 0),
  LogicalOr: (a, b) => +(a !== 0 || b !== 0),
};

const ARITHMETIC: Record<string, Binary> = {
  Add: (a, b) => a + b,
  AddV2: (a, b) => a + b,
  BiasAdd: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Div: (a, b) => a / b,
  DivNoNan: (a, b) => (b === 0 ? 0 : a / b),
  FloorDiv: (a, b) => Math.floor(a / b),
  FloorMod: (a, b) => a - Math.floor(a / b) * b,
  Maximum: Math.max,
  Minimum: Math.min,
  Pow: (a, b) => a ** b,
  SquaredDifference: (a, b) => (a - b) ** 2,
};

const SYMBOLIC: Record<string, (a: Dim, b: Dim) => Dim> = {
  Add: addDims,
  AddV2: addDims,
  Sub: subtractDims,
  Mul: multiplyDims,
  FloorDiv: floorDivideDims,
  FloorMod: floorModDims,
};

const UNARY: Record<string, (a: number) => number> = {
  Neg: (a) => -a,
  Abs: Math.abs,
  Sqrt: Math.sqrt,
  Rsqrt: (a) => 1 / Math.sqrt(a),
  Square: (a) => a * a,
  Reciprocal: (a) => 1 / a,
  Exp: Math.exp,
  Log: Math.log,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  Tanh: Math.tanh,
  Relu: (a) => Math.max(0, a),
  Relu6: (a) => Math.min(6, Math.max(0, a)),
  LogicalNot: (a) => +(a === 0),
};

export function isBinary(op: string): boolean {
  return op in ARITHMETIC || op in COMPARISONS;
}

export function isUnary(op: string): boolean {
  return op in UNARY;
}

/** An elementwise operation of two constants, broadcast as NumPy does, in the precision of the first. */
export function applyBinary(op: string, a: AnyTensor, b: AnyTensor): AnyTensor | undefined {
  if (isSymbolic(a) || isSymbolic(b)) return applySymbolic(op, toSymbolic(a), toSymbolic(b));
  const compare = COMPARISONS[op];
  const dtype = compare ? 'bool' : a.dtype;
  const f = compare ?? ARITHMETIC[op]!;
  const shape = broadcastShapes(a.shape, b.shape) as number[];
  const x = broadcastTo(a, shape);
  const y = broadcastTo(b, shape);
  const data = makeData(dtype, x.data.length);
  // TensorFlow's Div of integers truncates; storing in an integer array does so too.
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i]!, y.data[i]!);
  return { dtype, shape, data };
}

function applySymbolic(op: string, a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor | undefined {
  const shape = broadcastShapes(a.shape, b.shape) as number[];
  const x = broadcastTo(a, shape);
  const y = broadcastTo(b, shape);
  const known = ARITHMETIC[op];
  if (!known) return undefined;
  const f = (isFloat(a.dtype) && op !== 'Mul' ? undefined : SYMBOLIC[op]) ?? ((p, q) => `${op}(${p},${q})`);
  const data = x.data.map((p, i) => {
    const q = y.data[i]!;
    return typeof p === 'number' && typeof q === 'number' ? known(p, q) : f(p, q);
  });
  return { dtype: a.dtype, shape, data };
}

export function applyUnary(op: string, a: Tensor): Tensor {
  const f = UNARY[op]!;
  const data = makeData(a.dtype, a.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(a.data[i]!);
  return { ...a, data };
}

/** Float to integer truncates towards zero (tf.cast); of a symbol, the formula is kept. */
export function cast(a: AnyTensor, dtype: DType): AnyTensor {
  const toInt = isFloat(a.dtype) && !isFloat(dtype);
  const convert = (v: number) => (dtype === 'bool' ? +(v !== 0) : toInt ? Math.trunc(v) : v);
  if (isSymbolic(a)) {
    const data = a.data.map((v) => (typeof v === 'number' ? convert(v) : toInt ? `int(${v})` : v));
    return { dtype, shape: a.shape, data };
  }
  const data = makeData(dtype, a.data.length);
  for (let i = 0; i < data.length; i++) data[i] = convert(a.data[i]!);
  return { dtype, shape: a.shape, data };
}

const REDUCERS: Record<string, { start: number; step: Binary }> = {
  Sum: { start: 0, step: (a, b) => a + b },
  Mean: { start: 0, step: (a, b) => a + b },
  Prod: { start: 1, step: (a, b) => a * b },
  Max: { start: Number.NEGATIVE_INFINITY, step: Math.max },
  Min: { start: Number.POSITIVE_INFINITY, step: Math.min },
  All: { start: 1, step: (a, b) => +(a !== 0 && b !== 0) },
  Any: { start: 0, step: (a, b) => +(a !== 0 || b !== 0) },
};

export function reduce(op: string, a: Tensor, axes: readonly number[], keepDims: boolean): Tensor | undefined {
  const reducer = REDUCERS[op];
  if (!reducer) return undefined;
  const kept = a.shape.map((n, d) => (axes.includes(d) ? 1 : n));
  const size = kept.reduce((p, n) => p * n, 1);
  const sums = new Float64Array(size).fill(reducer.start);
  const map = broadcastTo(
    { dtype: 'int32', shape: kept, data: Int32Array.from({ length: size }, (_, i) => i) },
    a.shape,
  );
  for (let i = 0; i < a.data.length; i++) sums[map.data[i]!] = reducer.step(sums[map.data[i]!]!, a.data[i]!);
  const data = makeData(a.dtype, size);
  const divisor = op === 'Mean' ? a.data.length / size : 1;
  for (let i = 0; i < size; i++) data[i] = sums[i]! / divisor;
  return { dtype: a.dtype, shape: keepDims ? kept : a.shape.filter((_, d) => !axes.includes(d)), data };
}
