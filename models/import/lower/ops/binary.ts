import { broadcastShapes } from '../../tensor/dims.ts';
import { type Dim, isFloat } from '../../tensor/tensor.ts';
import { prelu } from '../activation.ts';
import { broadcast, broadcastValue, sameShape } from '../broadcast.ts';
import { fromNchwFormat, toNchwFormat } from '../data-format.ts';
import { fail, inputOf, type Lower, type Operation } from '../operation.ts';
import { splatOf, type Value } from '../value.ts';

const SAME: Record<string, string> = {
  Add: 'Add',
  AddV2: 'Add',
  Sub: 'Sub',
  Mul: 'Mul',
  Maximum: 'Max',
  Minimum: 'Min',
  Pow: 'Pow',
  RealDiv: 'Div',
  Div: 'Div',
};

const COMPARISONS: Record<string, string> = {
  Equal: 'Equal',
  Less: 'Less',
  LessEqual: 'LessOrEqual',
  Greater: 'Greater',
  GreaterEqual: 'GreaterOrEqual',
  LogicalAnd: 'And',
  LogicalOr: 'Or',
};

export const binaryOps: Record<string, Lower> = {
  ...Object.fromEntries(Object.entries(SAME).map(([op, onnx]) => [op, (o: Operation) => arithmetic(o, onnx)])),
  ...Object.fromEntries(Object.entries(COMPARISONS).map(([op, onnx]) => [op, (o: Operation) => compare(o, onnx)])),
  NotEqual: (o) => {
    const equal = broadcast(o, pair(o));
    return broadcastValue(equal, 'bool', o.builder.emit('Not', [o.builder.emit('Equal', equal.names)]));
  },
  BiasAdd: (o) => {
    const value = toNchwFormat(o, inputOf(o, 0));
    return fromNchwFormat(o, addValues(o, value, inputOf(o, 1)));
  },
  AddN: (o) => o.inputs.reduce((sum, next) => addValues(o, sum, next)),
  SquaredDifference: (o) =>
    combine(o, (a, b) => {
      const difference = o.builder.emit('Sub', [a, b]);
      return o.builder.emit('Mul', [difference, difference]);
    }),
  FloorDiv: (o) => combine(o, (a, b) => floorDivide(o, a, b)),
  FloorMod: (o) => combine(o, (a, b) => floorMod(o, a, b)),
  DivNoNan: (o) =>
    combine(o, (a, b) => {
      const zero = o.builder.float(0);
      return o.builder.emit('Where', [o.builder.emit('Equal', [b, zero]), zero, o.builder.emit('Div', [a, b])]);
    }),
  Atan2: (o) => combine(o, (y, x) => arcTangent(o, y, x)),
  Prelu: (o) => prelu(o, inputOf(o, 0), inputOf(o, 1)),
  Select: select,
  SelectV2: select,
  ClipByValue: (o) => {
    const range = broadcast(o, o.inputs);
    const [x, low, high] = range.names;
    return broadcastValue(
      range,
      inputOf(o, 0).dtype,
      o.builder.emit('Min', [o.builder.emit('Max', [x!, low!]), high!]),
    );
  },
};

function pair(o: Operation): [Value, Value] {
  return [inputOf(o, 0), inputOf(o, 1)];
}

function combine(o: Operation, apply: (a: string, b: string) => string): Value {
  const both = broadcast(o, pair(o));
  return broadcastValue(both, inputOf(o, 0).dtype, apply(both.names[0]!, both.names[1]!));
}

function compare(o: Operation, onnx: string): Value {
  const both = broadcast(o, pair(o));
  return broadcastValue(both, 'bool', o.builder.emit(onnx, both.names));
}

function arithmetic(o: Operation, onnx: string): Value {
  const [a, b] = pair(o);
  if (onnx === 'Add') return addValues(o, a, b);
  return simplify(o, onnx, a, b) ?? combine(o, (x, y) => o.builder.emit(onnx, [x, y]));
}

export function addValues(o: Operation, a: Value, b: Value): Value {
  const known = simplify(o, 'Add', a, b);
  if (known) return known;
  const both = broadcast(o, [a, b]);
  return broadcastValue(both, a.dtype, o.builder.emit('Add', both.names));
}

/** A recurrent state fixed at zero takes its whole branch with it: 0 * x is 0, x + 0 and x * 1 are x. */
function simplify(_o: Operation, onnx: string, a: Value, b: Value): Value | undefined {
  const shape = broadcastShapes(a.shape, b.shape);
  const whole = (value: Value) => (sameShape(value.shape, shape) ? value : undefined);
  const [left, right] = [splatOf(a), splatOf(b)];
  if (left !== undefined && right !== undefined && (a.splat !== undefined || b.splat !== undefined)) {
    const splat = SPLAT[onnx]?.(left, right);
    const extent = extentOf(a, b, shape);
    if (splat !== undefined && extent) return { ...extent, dtype: a.dtype, shape, splat };
  }
  if (onnx === 'Mul') {
    if (left === 0 || right === 0) {
      const extent = extentOf(a, b, shape);
      if (extent) return { ...extent, dtype: a.dtype, shape, splat: 0 };
    }
    if (left === 1) return whole(b);
    if (right === 1) return whole(a);
  }
  if (onnx === 'Add' && left === 0) return whole(b);
  if ((onnx === 'Add' || onnx === 'Sub') && right === 0) return whole(a);
  if (onnx === 'Div' && right === 1) return whole(a);
  return undefined;

  function extentOf(x: Value, y: Value, target: readonly Dim[]): { like?: Value } | undefined {
    if (target.every((n) => typeof n === 'number')) return {};
    const like = [x, y].find((v) => sameShape(v.shape, target));
    if (!like) return undefined;
    return { like: like.like ?? like };
  }
}

const SPLAT: Record<string, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Max: Math.max,
  Min: Math.min,
};

/** ONNX's integer Div truncates; taking the remainder off first leaves nothing to round. */
function floorDivide({ builder, inputs }: Operation, a: string, b: string): string {
  if (isFloat(inputs[0]!.dtype)) return builder.emit('Floor', [builder.emit('Div', [a, b])]);
  return builder.emit('Div', [builder.emit('Sub', [a, builder.emit('Mod', [a, b])]), b]);
}

/** The remainder takes the divisor's sign, which ONNX's Mod offers for integers only. */
function floorMod(o: Operation, a: string, b: string): string {
  const { builder, inputs } = o;
  if (!isFloat(inputs[0]!.dtype)) return builder.emit('Mod', [a, b]);
  return builder.emit('Sub', [a, builder.emit('Mul', [floorDivide(o, a, b), b])]);
}

/** atan2 from atan: half a turn is added where x is negative, with the sign of y. */
function arcTangent({ builder }: Operation, y: string, x: string): string {
  const zero = builder.float(0);
  const base = builder.emit('Atan', [builder.emit('Div', [y, x])]);
  const below = builder.emit('Less', [y, zero]);
  const turn = builder.emit('Where', [below, builder.float(-Math.PI), builder.float(Math.PI)]);
  const behind = builder.emit('Less', [x, zero]);
  return builder.emit('Add', [base, builder.emit('Where', [behind, turn, zero])]);
}

function select(o: Operation): Value {
  const [condition, a, b] = [inputOf(o, 0), inputOf(o, 1), inputOf(o, 2)];
  // Version 1 matches a vector condition with the first axis (tensorflow/core/ops/math_ops.cc, Select).
  if (o.node.op === 'Select' && condition.shape.length === 1 && a.shape.length > 1) {
    const shape = [...condition.shape, ...a.shape.slice(1).map(() => 1)];
    const plain = o.builder.reshaped(o.builder.plain(condition), shape);
    return chosen(o, { dtype: 'bool', shape, plain }, a, b);
  }
  if (condition.dtype !== 'bool') fail(o, 'its condition is not boolean');
  return chosen(o, condition, a, b);
}

function chosen(o: Operation, condition: Value, a: Value, b: Value): Value {
  const all = broadcast(o, [condition, a, b]);
  return broadcastValue(all, a.dtype, o.builder.emit('Where', all.names));
}
