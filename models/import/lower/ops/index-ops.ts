import type { Dim } from '../../tensor/tensor.ts';
import { boolAttr, intAttr } from '../../tf/graph.ts';
import { constantOf, fail, inputOf, type Lower, numbersOf, type Operation, positive } from '../operation.ts';
import type { Value } from '../value.ts';

/** Operations whose operands are indices. ONNX counts in int64, TensorFlow usually in int32. */
export const indexOps: Record<string, Lower> = {
  Gather: (o) => gather(o, 0),
  GatherV2: (o) => {
    if (intAttr(o.node, 'batch_dims', 0) !== 0) fail(o, 'batch dimensions are not supported');
    return gather(o, numbersOf(o, 2)[0] ?? 0);
  },
  GatherNd: (o) => {
    const source = inputOf(o, 0);
    const indices = inputOf(o, 1);
    const depth = indices.shape.at(-1);
    if (typeof depth !== 'number') fail(o, 'the depth of its indices is unknown');
    const shape = [...indices.shape.slice(0, -1), ...source.shape.slice(depth)];
    const plain = o.builder.emit('GatherND', [o.builder.plain(source), wide(o, indices)]);
    return { dtype: source.dtype, shape, plain };
  },
  TopKV2: (o) => {
    const source = inputOf(o, 0);
    const k = numbersOf(o, 1)[0]!;
    const shape: Dim[] = [...source.shape.slice(0, -1), k];
    const sorted = boolAttr(o.node, 'sorted') ? 1 : 0;
    const inputs = [o.builder.plain(source), o.builder.ints([k])];
    const [values, places] = o.builder.emitMany('TopK', inputs, 2, { axis: -1, largest: 1, sorted });
    return [
      { dtype: source.dtype, shape, plain: values! },
      { dtype: 'int32', shape, plain: o.builder.cast(places!, 'int32') },
    ];
  },
  OneHot: (o) => {
    const indices = inputOf(o, 0);
    const depth = numbersOf(o, 1)[0]!;
    const [on, off] = [constantOf(o, 2), constantOf(o, 3)];
    const axis = positive(intAttr(o.node, 'axis', -1), indices.shape.length + 1);
    const values = o.builder.initializer({ ...on, shape: [2], data: Float32Array.of(off.data[0]!, on.data[0]!) });
    const plain = o.builder.emit('OneHot', [wide(o, indices), o.builder.ints([depth]), values], { axis });
    return { dtype: on.dtype, shape: [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)], plain };
  },
};

function gather(o: Operation, at: number): Value {
  const source = inputOf(o, 0);
  const indices = inputOf(o, 1);
  const axis = positive(at, source.shape.length);
  const shape = [...source.shape.slice(0, axis), ...indices.shape, ...source.shape.slice(axis + 1)];
  const plain = o.builder.emit('Gather', [o.builder.plain(source), wide(o, indices)], { axis });
  return { dtype: source.dtype, shape, plain };
}

function wide(o: Operation, indices: Value): string {
  if (indices.tensor) return o.builder.initializer({ ...indices.tensor, dtype: 'int64' });
  const name = o.builder.plain(indices);
  return indices.dtype === 'int64' ? name : o.builder.cast(name, 'int64');
}
