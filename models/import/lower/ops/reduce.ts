import type { NetAttr } from '../../net.ts';
import type { Dim } from '../../tensor/tensor.ts';
import { boolAttr, typeAttr } from '../../tf/graph.ts';
import { fail, inputOf, type Lower, mapAxes, numbersOf, type Operation, orderedName, positive } from '../operation.ts';
import { isNchw, type Value } from '../value.ts';

const REDUCERS: Record<string, string> = {
  Mean: 'ReduceMean',
  Sum: 'ReduceSum',
  Max: 'ReduceMax',
  Min: 'ReduceMin',
  Prod: 'ReduceProd',
};

export const reduceOps: Record<string, Lower> = {
  ...Object.fromEntries(Object.entries(REDUCERS).map(([op, onnx]) => [op, (o: Operation) => reduce(o, onnx)])),
  All: (o) => reduceBoolean(o, 'ReduceMin'),
  Any: (o) => reduceBoolean(o, 'ReduceMax'),
  ArgMax: (o) => arg(o, 'ArgMax'),
  ArgMin: (o) => arg(o, 'ArgMin'),
  Softmax: (o) => lastAxis(o, 'Softmax'),
  LogSoftmax: (o) => lastAxis(o, 'LogSoftmax'),
};

function reduce(o: Operation, onnx: string, source: Value = inputOf(o, 0)): Value {
  const { builder } = o;
  const rank = source.shape.length;
  const axes = [...new Set(numbersOf(o, 1).map((axis) => positive(axis, rank)))].sort((a, b) => a - b);
  if (axes.length === 0) return source;
  const kept: Dim[] = source.shape.map((n, d) => (axes.includes(d) ? 1 : n));
  const overPicture = onnx === 'ReduceMean' && rank === 4 && axes.join() === '1,2' && isNchw(source);
  const reduced: Value = overPicture
    ? { dtype: source.dtype, shape: kept, nchw: builder.emit('GlobalAveragePool', [builder.nchw(source)]) }
    : mapAxes(o, source, kept, (name, axis) =>
        emitReduce(
          o,
          onnx,
          name,
          axes.map(axis).sort((a, b) => a - b),
        ),
      );
  return boolAttr(o.node, 'keep_dims') ? reduced : dropAxes(o, reduced, axes);
}

/** Opset 17 has ReduceSum's axes as an input, and those of all other reductions as an attribute. */
function emitReduce(o: Operation, onnx: string, name: string, axes: number[]): string {
  if (onnx === 'ReduceSum') return o.builder.emit(onnx, [name, o.builder.ints(axes)], { keepdims: 1 });
  return o.builder.emit(onnx, [name], { axes, keepdims: 1 } as Record<string, NetAttr>);
}

export function dropAxes(o: Operation, value: Value, axes: readonly number[]): Value {
  const shape = value.shape.filter((_, d) => !axes.includes(d));
  const name = orderedName(o.builder, value);
  if (shape.filter((n) => typeof n === 'string').length <= 1) {
    return { dtype: value.dtype, shape, plain: o.builder.reshaped(name, shape) };
  }
  const plain = o.builder.emit('Squeeze', [o.builder.plain(value), o.builder.ints(axes)]);
  return { dtype: value.dtype, shape, plain };
}

/** ONNX Runtime's CPU reducers know integers but not booleans. */
function reduceBoolean(o: Operation, onnx: string): Value {
  const source = inputOf(o, 0);
  const plain = o.builder.cast(o.builder.plain(source), 'int32');
  const reduced = reduce(o, onnx, { dtype: 'int32', shape: source.shape, plain });
  return { dtype: 'bool', shape: reduced.shape, plain: o.builder.cast(o.builder.plain(reduced), 'bool') };
}

function arg(o: Operation, onnx: string): Value {
  const source = inputOf(o, 0);
  const axis = positive(numbersOf(o, 1)[0] ?? 0, source.shape.length);
  const kept = source.shape.map((n, d) => (d === axis ? 1 : n));
  const dtype = typeAttr(o.node, 'output_type') ?? 'int64';
  const found = mapAxes(o, source, kept, (name, to) => {
    const index = o.builder.emit(onnx, [name], { axis: to(axis), keepdims: 1 });
    return dtype === 'int64' ? index : o.builder.cast(index, dtype);
  });
  return dropAxes(o, { ...found, dtype }, [axis]);
}

function lastAxis(o: Operation, onnx: string): Value {
  const source = inputOf(o, 0);
  const rank = source.shape.length;
  if (rank === 0) fail(o, 'its input is a scalar');
  return mapAxes(o, source, source.shape, (name, axis) => o.builder.emit(onnx, [name], { axis: axis(rank - 1) }));
}
