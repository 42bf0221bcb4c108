import { floorDivideDims, isStatic, productOf } from '../../tensor/dims.ts';
import { type Dim, makeTensor, settle } from '../../tensor/tensor.ts';
import { intsAttr, typeAttr } from '../../tf/graph.ts';
import { sameShape } from '../broadcast.ts';
import { fail, inputOf, type Lower, mapAxes, numbersOf, type Operation, orderedName, positive } from '../operation.ts';
import { constant, isNchw, TO_NCHW, TO_NHWC, type Value } from '../value.ts';
import { dropAxes } from './reduce.ts';

export const shapeOps: Record<string, Lower> = {
  Shape: shapeOf,
  Size: sizeOfValue,
  Rank: (o) => constant(makeTensor('int32', [], [inputOf(o, 0).shape.length])),
  Reshape: reshapeValue,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Transpose: transposeValue,
  Fill: (o) => spread(o, inputOf(o, 1), inputOf(o, 0)),
  BroadcastTo: (o) => spread(o, inputOf(o, 0), inputOf(o, 1)),
  Tile: tileValue,
  Range: (o) => {
    const dtype = inputOf(o, 0).dtype;
    const names = o.inputs.map((v) => o.builder.plain(v));
    return { dtype, shape: [`${o.node.name}.length`], plain: o.builder.emit('Range', names) };
  },
};

function shapeOf(o: Operation): Value {
  const source = inputOf(o, 0);
  const dtype = typeAttr(o.node, 'out_type') ?? 'int32';
  const symbolic = settle({ dtype, shape: [source.shape.length], data: [...source.shape] });
  if (!Array.isArray(symbolic.data)) return constant(makeTensor(dtype, symbolic.shape, symbolic.data));
  const wide = o.builder.runtimeShape(source.like ?? source);
  const plain = dtype === 'int64' ? o.builder.plain(wide) : o.builder.cast(o.builder.plain(wide), dtype);
  return {
    dtype,
    shape: [source.shape.length],
    plain,
    symbolic: { dtype, shape: symbolic.shape, data: symbolic.data },
  };
}

function sizeOfValue(o: Operation): Value {
  const source = inputOf(o, 0);
  const dtype = typeAttr(o.node, 'out_type') ?? 'int32';
  if (isStatic(source.shape)) return constant(makeTensor(dtype, [], [Number(productOf(source.shape))]));
  const wide = o.builder.emit('Size', [orderedName(o.builder, source)]);
  return { dtype, shape: [], plain: dtype === 'int64' ? wide : o.builder.cast(wide, dtype) };
}

function reshapeValue(o: Operation): Value {
  const { builder } = o;
  const source = inputOf(o, 0);
  const target = inputOf(o, 1);
  const wanted: Dim[] = target.tensor
    ? Array.from(target.tensor.data)
    : (target.symbolic?.data ?? runtimeDims(o, target));
  const total = productOf(source.shape);
  const known = productOf(wanted.filter((n) => n !== -1));
  const shape = wanted.map((n) => (n === -1 ? floorDivideDims(total, known) : n));
  if (source.splat !== undefined && isStatic(shape)) return { dtype: source.dtype, shape, splat: source.splat };
  if (sameShape(shape, source.shape)) return source;
  const name = orderedName(builder, source);
  if (shape.filter((n) => typeof n === 'string').length <= 1) {
    return { dtype: source.dtype, shape, plain: builder.reshaped(name, shape) };
  }
  return { dtype: source.dtype, shape, plain: builder.emit('Reshape', [name, builder.indexVector(target)]) };
}

function runtimeDims(o: Operation, vector: Value): Dim[] {
  const rank = vector.shape[0];
  if (typeof rank !== 'number') fail(o, 'the rank of its result is unknown');
  return Array.from({ length: rank }, (_, i) => `${o.node.name}.${i}`);
}

function expandDims(o: Operation): Value {
  const source = inputOf(o, 0);
  const at = positive(numbersOf(o, 1)[0] ?? 0, source.shape.length + 1);
  const shape = [...source.shape.slice(0, at), 1, ...source.shape.slice(at)];
  if (source.splat !== undefined && isStatic(shape)) return { dtype: source.dtype, shape, splat: source.splat };
  const plain = o.builder.emit('Unsqueeze', [o.builder.plain(source), o.builder.ints([at])]);
  return { dtype: source.dtype, shape, plain };
}

function squeeze(o: Operation): Value {
  const source = inputOf(o, 0);
  const rank = source.shape.length;
  const listed = intsAttr(o.node, 'squeeze_dims').map((axis) => positive(axis, rank));
  const axes = listed.length ? listed : source.shape.flatMap((n, d) => (n === 1 ? [d] : []));
  return axes.length ? dropAxes(o, source, axes) : source;
}

function transposeValue(o: Operation): Value {
  const source = inputOf(o, 0);
  const permutation = numbersOf(o, 1);
  const { dtype } = source;
  const shape = permutation.map((axis) => source.shape[axis]!);
  if (permutation.every((axis, d) => axis === d)) return source;
  // A graph that was channels-first before it reached TensorFlow moves channels itself: then both layouts exist already.
  if (permutation.join() === TO_NCHW.join() && isNchw(source)) return { dtype, shape, plain: o.builder.nchw(source) };
  if (permutation.join() === TO_NHWC.join()) return { dtype, shape, nchw: o.builder.plain(source) };
  return { dtype, shape, plain: o.builder.emit('Transpose', [o.builder.plain(source)], { perm: permutation }) };
}

/** A value repeated to fill a shape: kept as one number where it is one. */
function spread(o: Operation, source: Value, target: Value): Value {
  const wanted: Dim[] = target.tensor
    ? Array.from(target.tensor.data)
    : (target.symbolic?.data ?? runtimeDims(o, target));
  const single = source.splat ?? (source.tensor?.data.length === 1 ? source.tensor.data[0] : undefined);
  const { dtype } = source;
  if (single !== undefined && isStatic(wanted)) return { dtype, shape: wanted, splat: single };
  const plain = o.builder.emit('Expand', [o.builder.plain(source), o.builder.indexVector(target)]);
  if (single === undefined) return { dtype, shape: wanted, plain };
  return { dtype, shape: wanted, splat: single, like: { dtype, shape: wanted, plain } };
}

function tileValue(o: Operation): Value {
  const source = inputOf(o, 0);
  const repeats = numbersOf(o, 1);
  if (repeats.every((n) => n === 1)) return source;
  const shape = source.shape.map((n, d) => (typeof n === 'number' ? n * repeats[d]! : `(${n}*${repeats[d]})`));
  return mapAxes(o, source, shape, (name, _, order) => o.builder.emit('Tile', [name, o.builder.ints(order(repeats))]));
}
