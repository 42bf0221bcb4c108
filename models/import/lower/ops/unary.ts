import { applyUnary, isUnary } from '../../tensor/arithmetic.ts';
import { isFloat, scalar } from '../../tensor/tensor.ts';
import { typeAttr } from '../../tf/graph.ts';
import { activate } from '../activation.ts';
import { fail, inputOf, type Lower, mapValue, type Operation } from '../operation.ts';
import type { Value } from '../value.ts';

/** Operations that ONNX has under another name or the same. */
const SAME: Record<string, string> = {
  Abs: 'Abs',
  Neg: 'Neg',
  Exp: 'Exp',
  Log: 'Log',
  Sqrt: 'Sqrt',
  Floor: 'Floor',
  Ceil: 'Ceil',
  Round: 'Round',
  Rint: 'Round',
  Sign: 'Sign',
  Sin: 'Sin',
  Cos: 'Cos',
  Tan: 'Tan',
  Asin: 'Asin',
  Acos: 'Acos',
  Atan: 'Atan',
  Sinh: 'Sinh',
  Cosh: 'Cosh',
  Erf: 'Erf',
  Reciprocal: 'Reciprocal',
  Inv: 'Reciprocal',
  LogicalNot: 'Not',
  IsNan: 'IsNaN',
};

const ACTIVATIONS = ['Relu', 'Relu6', 'Elu', 'Selu', 'LeakyRelu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign'];

export const unaryOps: Record<string, Lower> = {
  ...Object.fromEntries(Object.entries(SAME).map(([op, onnx]) => [op, (o: Operation) => unary(o, onnx)])),
  ...Object.fromEntries(ACTIVATIONS.map((op) => [op, (o: Operation) => onSplat(o) ?? activate(o, inputOf(o, 0), op)])),
  Rsqrt: (o) => mapValue(o, inputOf(o, 0), (x) => o.builder.emit('Reciprocal', [o.builder.emit('Sqrt', [x])])),
  Square: (o) => mapValue(o, inputOf(o, 0), (x) => o.builder.emit('Mul', [x, x])),
  Log1p: (o) =>
    mapValue(o, inputOf(o, 0), (x) => o.builder.emit('Log', [o.builder.emit('Add', [x, o.builder.float(1)])])),
  Expm1: (o) =>
    mapValue(o, inputOf(o, 0), (x) => o.builder.emit('Sub', [o.builder.emit('Exp', [x]), o.builder.float(1)])),
  Cast: castValue,
  ZerosLike: (o) => uniform(o, 0),
  OnesLike: (o) => uniform(o, 1),
};

function unary(o: Operation, onnx: string): Value {
  const known = onSplat(o);
  return known ?? mapValue(o, inputOf(o, 0), (x) => o.builder.emit(onnx, [x]));
}

/** The result where every element of the input is the same known number. */
function onSplat(o: Operation): Value | undefined {
  const value = inputOf(o, 0);
  if (value.splat === undefined || !isUnary(o.node.op)) return undefined;
  return { ...value, splat: applyUnary(o.node.op, scalar(value.dtype, value.splat)).data[0]! };
}

function castValue(o: Operation): Value {
  const value = inputOf(o, 0);
  const to = typeAttr(o.node, 'DstT') ?? fail(o, 'its target type is unknown');
  if (to === 'string') fail(o, 'strings have no place in an ONNX network');
  if (to === value.dtype) return value;
  return { ...mapValue(o, value, (x) => o.builder.cast(x, to)), dtype: to };
}

function uniform(o: Operation, splat: number): Value {
  const { dtype, shape, nchw, plain } = inputOf(o, 0);
  if (!isFloat(dtype) && dtype !== 'int32') fail(o, `it has the type ${dtype}`);
  const like: Value = {
    dtype,
    shape,
    ...(nchw === undefined ? {} : { nchw }),
    ...(plain === undefined ? {} : { plain }),
  };
  return { dtype, shape, splat, like };
}
