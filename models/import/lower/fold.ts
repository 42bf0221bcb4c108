import { applyBinary, applyUnary, cast, isBinary, isUnary, reduce } from '../tensor/arithmetic.ts';
import { isStatic } from '../tensor/dims.ts';
import { broadcastTo, concat, gather, pad, reshape, slice, tile, transpose } from '../tensor/rearrange.ts';
import {
  type AnyTensor,
  isSymbolic,
  makeTensor,
  settle,
  sizeOf,
  stridesOf,
  type Tensor,
  toSymbolic,
} from '../tensor/tensor.ts';
import { boolAttr, intAttr, intsAttr, type TfNode, typeAttr } from '../tf/graph.ts';
import { boundsOf, planStridedSlice, type SliceAxis } from './strided-slice.ts';

type Fold = (node: TfNode, inputs: AnyTensor[]) => AnyTensor | AnyTensor[] | undefined;

/**
 * Evaluates an operation on constants, and on shape arithmetic with unknown dimensions. Returns nothing for an
 * operation, or operands, that only the network itself can compute.
 */
export function foldNode(node: TfNode, inputs: AnyTensor[]): AnyTensor[] | undefined {
  const { op } = node;
  const fold = FOLDS[op];
  let result: AnyTensor | AnyTensor[] | undefined;
  if (fold) result = fold(node, inputs);
  else if (isBinary(op) && inputs.length === 2) result = applyBinary(op, inputs[0]!, inputs[1]!);
  else if (isUnary(op) && inputs[0] && !isSymbolic(inputs[0])) result = applyUnary(op, inputs[0]);
  if (!result) return undefined;
  return (Array.isArray(result) ? result : [result]).map(settle);
}

const FOLDS: Record<string, Fold> = {
  Cast: (node, [x]) => {
    const to = typeAttr(node, 'DstT');
    return to && cast(x!, to);
  },
  Reshape: (_, [x, shape]) => {
    const target = numbers(shape!);
    if (!target) return undefined;
    const known = target.reduce((p, n) => (n < 0 ? p : p * n), 1);
    return reshape(
      x!,
      target.map((n) => (n < 0 ? x!.data.length / known : n)),
    );
  },
  ExpandDims: (_, [x, axis]) => {
    const at = numbers(axis!)?.[0];
    if (at === undefined) return undefined;
    const shape = [...x!.shape];
    shape.splice(at < 0 ? at + shape.length + 1 : at, 0, 1);
    return reshape(x!, shape);
  },
  Squeeze: (node, [x]) => {
    const axes = intsAttr(node, 'squeeze_dims').map((a) => (a < 0 ? a + x!.shape.length : a));
    return reshape(
      x!,
      x!.shape.filter((n, d) => (axes.length ? !axes.includes(d) : n !== 1)),
    );
  },
  Transpose: (_, [x, permutation]) => {
    const order = numbers(permutation!);
    return order && transpose(x!, order);
  },
  Pack: (node, inputs) => {
    const axis = intAttr(node, 'axis', 0);
    const at = axis < 0 ? axis + inputs[0]!.shape.length + 1 : axis;
    const grown = inputs.map((x) => reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]));
    return concat(alike(grown), at);
  },
  Unpack: (node, [x]) => {
    const axis = intAttr(node, 'axis', 0);
    const at = axis < 0 ? axis + x!.shape.length : axis;
    return Array.from({ length: x!.shape[at]! }, (_, i) => gather(x!, { shape: [], data: [i] }, at));
  },
  ConcatV2: (_, inputs) => {
    const axis = numbers(inputs.at(-1)!)?.[0];
    const parts = inputs.slice(0, -1);
    if (axis === undefined) return undefined;
    return concat(alike(parts), axis < 0 ? axis + parts[0]!.shape.length : axis);
  },
  GatherV2: (node, [x, indices, axis]) => {
    const at = numbers(axis!)?.[0];
    const from = numbers(indices!);
    if (at === undefined || !from || intAttr(node, 'batch_dims', 0) !== 0) return undefined;
    return gather(x!, { shape: indices!.shape, data: from }, at < 0 ? at + x!.shape.length : at);
  },
  Slice: (_, [x, begin, size]) => {
    const from = numbers(begin!);
    const count = numbers(size!);
    if (!from || !count) return undefined;
    const shape = count.map((n, d) => (n < 0 ? x!.shape[d]! - from[d]! : n));
    return slice(
      x!,
      from,
      shape.map(() => 1),
      shape,
    );
  },
  StridedSlice: (node, [x, begin, end, steps]) => {
    const from = numbers(begin!);
    const to = numbers(end!);
    const step = numbers(steps!);
    if (!from || !to || !step) return undefined;
    const plan = planStridedSlice(node, x!.shape.length, from, to, step);
    const cuts = plan.filter((cut): cut is SliceAxis => cut !== 'new');
    const bounds = cuts.map((cut) => boundsOf(cut, x!.shape[cut.axis]!)) as { start: number; count: number }[];
    const cut = slice(
      x!,
      bounds.map((b) => b.start),
      cuts.map((c) => c.step),
      bounds.map((b) => b.count),
    );
    const shape = plan.flatMap((c) => (c === 'new' ? [1] : c.shrink ? [] : [bounds[c.axis]!.count]));
    return reshape(cut, shape);
  },
  Range: (_, inputs) => {
    const [start, limit, delta] = inputs.map((x) => numbers(x)?.[0]);
    if (start === undefined || limit === undefined || !delta) return undefined;
    const length = Math.max(0, Math.ceil((limit - start) / delta));
    return makeTensor(
      inputs[0]!.dtype,
      [length],
      Array.from({ length }, (_, i) => start + i * delta),
    );
  },
  Fill: (_, [dims, value]) => {
    const shape = numbers(dims!);
    return shape && isSmall(shape) ? broadcastTo(value!, shape) : undefined;
  },
  BroadcastTo: (_, [x, dims]) => {
    const shape = numbers(dims!);
    return shape && isSmall(shape) ? broadcastTo(x!, shape) : undefined;
  },
  Tile: (_, [x, multiples]) => {
    const repeats = numbers(multiples!);
    return repeats && tile(x!, repeats);
  },
  Pad: (_, [x, paddings]) => padded(x!, paddings!, 0),
  PadV2: (_, [x, paddings, value]) => padded(x!, paddings!, numbers(value!)?.[0]),
  Split: (node, [axis, x]) => {
    const at = numbers(axis!)?.[0];
    const count = intAttr(node, 'num_split', 1);
    if (at === undefined) return undefined;
    const d = at < 0 ? at + x!.shape.length : at;
    const size = x!.shape[d]! / count;
    return Array.from({ length: count }, (_, i) =>
      gather(x!, { shape: [size], data: Array.from({ length: size }, (_, k) => i * size + k) }, d),
    );
  },
  ZerosLike: (_, [x]) =>
    isSymbolic(x!) ? undefined : makeTensor(x!.dtype, x!.shape, new Float64Array(x!.data.length)),
  AddN: (_, inputs) =>
    inputs.reduce<AnyTensor | undefined>((sum, x) => sum && applyBinary('AddV2', sum, x), zeroOf(inputs[0]!)),
  Where: (_, [condition]) => (isSymbolic(condition!) ? undefined : whereTrue(condition as Tensor)),
  SparseToDense: (_, inputs) => (inputs.some(isSymbolic) ? undefined : scatter(inputs as Tensor[])),
  Select: (_, inputs) => select(inputs),
  SelectV2: (_, inputs) => select(inputs),
  ...Object.fromEntries(['Sum', 'Mean', 'Prod', 'Max', 'Min', 'All', 'Any'].map((op) => [op, reduction(op)])),
};

function reduction(op: string): Fold {
  return (node, [x, axes]) => {
    const list = numbers(axes!);
    if (!list || isSymbolic(x!)) return undefined;
    const over = list.map((a) => (a < 0 ? a + x!.shape.length : a));
    return reduce(op, x as Tensor, over, boolAttr(node, 'keep_dims'));
  };
}

/** The indices of all elements that are not zero, one row each (tf.where with one argument). */
function whereTrue(condition: Tensor): Tensor {
  const strides = stridesOf(condition.shape);
  const rows = Array.from(condition.data).flatMap((v, i) => (v ? [i] : []));
  const indices = rows.flatMap((i) => strides.map((s, d) => Math.floor(i / s) % condition.shape[d]!));
  return makeTensor('int64', [rows.length, condition.shape.length], indices);
}

function scatter([indices, size, values, fallback]: Tensor[]): Tensor {
  const shape = Array.from(size!.data);
  const strides = stridesOf(shape);
  const dense = broadcastTo(fallback!, shape);
  const count = values!.data.length;
  const rank = shape.length;
  const rows = values!.shape.length === 0 ? indices!.data.length / rank : count;
  for (let i = 0; i < rows; i++) {
    const at = strides.reduce((sum, s, d) => sum + s * indices!.data[i * rank + d]!, 0);
    dense.data[at] = values!.data[count === 1 ? 0 : i]!;
  }
  return dense;
}

function select([condition, a, b]: AnyTensor[]): AnyTensor | undefined {
  if (isSymbolic(condition!) || isSymbolic(a!) || isSymbolic(b!)) return undefined;
  if (!isStatic(condition!.shape) || condition!.shape.length > 0) return undefined;
  return condition!.data[0] ? a : b;
}

function padded(x: AnyTensor, paddings: AnyTensor, fill: number | undefined): AnyTensor | undefined {
  const pads = numbers(paddings);
  if (!pads || fill === undefined) return undefined;
  const shape = x.shape.map((n, d) => n + pads[2 * d]! + pads[2 * d + 1]!);
  return pad(
    x,
    x.shape.map((_, d) => pads[2 * d]!),
    shape,
    fill,
  );
}

function zeroOf(x: AnyTensor): AnyTensor {
  return makeTensor(x.dtype, [], [0]);
}

function numbers(x: AnyTensor): number[] | undefined {
  return isSymbolic(x) ? undefined : Array.from(x.data);
}

/** Beyond this a uniform tensor is kept as a number and a shape, not written out. */
function isSmall(shape: readonly number[]): boolean {
  return sizeOf(shape) <= 4096;
}

function alike(inputs: AnyTensor[]): AnyTensor[] {
  return inputs.some(isSymbolic) ? inputs.map(toSymbolic) : inputs;
}
