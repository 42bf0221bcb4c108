import { addDims, isStatic } from '../../tensor/dims.ts';
import { type Dim, scalar } from '../../tensor/tensor.ts';
import { intAttr, stringAttr } from '../../tf/graph.ts';
import { constantOf, fail, inputOf, type Lower, mapAxes, numbersOf, type Operation, positive } from '../operation.ts';
import { boundsOf, planStridedSlice, type SliceAxis } from '../strided-slice.ts';
import type { Value } from '../value.ts';
import { dropAxes } from './reduce.ts';

/** ONNX reads this as "to the very end" (Slice-13). */
const END = 2 ** 31 - 1;

type Bound = number | { value: Value; index: number };

export const sliceOps: Record<string, Lower> = {
  Slice: sliceValue,
  StridedSlice: stridedSlice,
  Split: (o) => {
    const source = inputOf(o, 1);
    const axis = positive(numbersOf(o, 0)[0]!, source.shape.length);
    const count = intAttr(o.node, 'num_split', 1);
    const size = source.shape[axis]!;
    if (typeof size !== 'number') fail(o, 'it splits an axis of unknown size');
    return split(o, source, axis, new Array<number>(count).fill(size / count));
  },
  SplitV: (o) => {
    const source = inputOf(o, 0);
    const axis = positive(numbersOf(o, 2)[0]!, source.shape.length);
    const sizes = numbersOf(o, 1);
    const rest = Number(source.shape[axis]) - sizes.reduce((sum, n) => (n < 0 ? sum : sum + n), 0);
    return split(
      o,
      source,
      axis,
      sizes.map((n) => (n < 0 ? rest : n)),
    );
  },
  Unpack: (o) => {
    const source = inputOf(o, 0);
    const axis = positive(intAttr(o.node, 'axis', 0), source.shape.length);
    const count = source.shape[axis]!;
    if (typeof count !== 'number') fail(o, 'it unpacks an axis of unknown size');
    const parts = split(o, source, axis, new Array<number>(count).fill(1));
    return parts.map((part) => dropAxes(o, part, [axis]));
  },
  Pad: (o) => pad(o, 'constant', 0),
  PadV2: (o) => pad(o, 'constant', constantOf(o, 2).data[0]!),
  MirrorPad: mirrorPad,
  ReverseV2: (o) => {
    const source = inputOf(o, 0);
    const axes = numbersOf(o, 1).map((axis) => positive(axis, source.shape.length));
    const { builder } = o;
    return mapAxes(o, source, source.shape, (name, axis) =>
      builder.emit('Slice', [
        name,
        builder.ints(axes.map(() => -1)),
        builder.ints(axes.map(() => -END)),
        builder.ints(axes.map(axis)),
        builder.ints(axes.map(() => -1)),
      ]),
    );
  },
};

function split(o: Operation, source: Value, axis: number, sizes: number[]): Value[] {
  if (sizes.length === 1) return [source];
  const shapes = sizes.map((n) => source.shape.map((size, d) => (d === axis ? n : size)));
  if (source.splat !== undefined && isStatic(source.shape)) {
    return shapes.map((shape) => ({ dtype: source.dtype, shape, splat: source.splat! }));
  }
  let names: string[] = [];
  const first = mapAxes(o, source, shapes[0]!, (name, at) => {
    names = o.builder.emitMany('Split', [name, o.builder.ints(sizes)], sizes.length, { axis: at(axis) });
    return names[0]!;
  });
  return shapes.map((shape, i) => {
    const { dtype } = source;
    return first.nchw === undefined ? { dtype, shape, plain: names[i]! } : { dtype, shape, nchw: names[i]! };
  });
}

function stridedSlice(o: Operation): Value {
  const source = inputOf(o, 0);
  const steps = numbersOf(o, 3);
  const begin = elements(o, inputOf(o, 1), steps.length);
  const end = elements(o, inputOf(o, 2), steps.length);
  const plan = planStridedSlice(o.node, source.shape.length, begin, end, steps);
  const cuts = plan.filter((cut): cut is SliceAxis => cut !== 'new');
  const result = cut(o, source, cuts);
  const shrunk = cuts.filter((c) => c.shrink).map((c) => c.axis);
  const added = plan.filter((c) => c === 'new' || !c.shrink);
  const dropped = shrunk.length ? dropAxes(o, result, shrunk) : result;
  const fresh = added.flatMap((c, at) => (c === 'new' ? [at] : []));
  if (!fresh.length) return dropped;
  const kept = [...dropped.shape];
  const shape = added.map((c) => (c === 'new' ? 1 : kept.shift()!));
  const plain = o.builder.emit('Unsqueeze', [o.builder.plain(dropped), o.builder.ints(fresh)]);
  return { dtype: source.dtype, shape, plain };
}

function sliceValue(o: Operation): Value {
  const source = inputOf(o, 0);
  const rank = source.shape.length;
  const begin = elements(o, inputOf(o, 1), rank);
  const size = elements(o, inputOf(o, 2), rank);
  if (size.some((n) => typeof n === 'string') && begin.some((n) => n !== 0))
    fail(o, 'its size is known only at run time');
  const cuts = begin.map((from, axis): SliceAxis => {
    const count = size[axis]!;
    const end = count === -1 ? undefined : addDims(from, count);
    return { axis, begin: from, end, step: 1, shrink: false, spec: axis };
  });
  return cut(o, source, cuts, 2);
}

/** Emits the ONNX Slice for the axes that are really cut. Bounds that are formulas are read from the index inputs. */
function cut(o: Operation, source: Value, cuts: readonly SliceAxis[], endInput = 2): Value {
  const bounds = cuts.map((c) => boundsOf(c, source.shape[c.axis]!));
  const shape = bounds.map((b) => b.count);
  if (source.splat !== undefined && isStatic(shape)) return { dtype: source.dtype, shape, splat: source.splat };
  const real = cuts.filter(
    (c, i) => c.step !== 1 || bounds[i]!.start !== 0 || bounds[i]!.count !== source.shape[c.axis],
  );
  if (!real.length) return source;
  const { builder } = o;
  const edge = (c: SliceAxis, bound: Dim | undefined, input: number, open: number): Bound => {
    if (bound === undefined) return open;
    return typeof bound === 'number' ? bound : { value: inputOf(o, input), index: c.spec };
  };
  const starts = real.map((c) => edge(c, c.begin, 1, c.step > 0 ? 0 : END));
  const ends = real.map((c): Bound => {
    if (!c.shrink) return edge(c, c.end, endInput, c.step > 0 ? END : -END);
    if (typeof c.begin !== 'number') return fail(o, 'it picks an index known only at run time');
    return c.begin === -1 ? END : c.begin + 1;
  });
  return mapAxes(o, source, shape, (name, axis) =>
    builder.emit('Slice', [
      name,
      builder.vector(starts),
      builder.vector(ends),
      builder.ints(real.map((c) => axis(c.axis))),
      builder.ints(real.map((c) => c.step)),
    ]),
  );
}

function elements(o: Operation, value: Value, count: number): Dim[] {
  if (value.tensor) return Array.from(value.tensor.data);
  return value.symbolic?.data ?? Array.from({ length: count }, (_, i) => `${o.node.name}.${i}`);
}

function pad(o: Operation, mode: string, fill: number): Value {
  const source = inputOf(o, 0);
  const flat = numbersOf(o, 1);
  if (flat.every((n) => n === 0)) return source;
  const before = source.shape.map((_, d) => flat[2 * d]!);
  const after = source.shape.map((_, d) => flat[2 * d + 1]!);
  const shape = source.shape.map((n, d) => addDims(n, before[d]! + after[d]!));
  const { builder } = o;
  return mapAxes(o, source, shape, (name, _, order) => {
    const pads = builder.ints([...order(before), ...order(after)]);
    const inputs = mode === 'constant' ? [name, pads, fillOf(o, source, fill)] : [name, pads];
    return builder.emit('Pad', inputs, { mode });
  });
}

function fillOf(o: Operation, source: Value, fill: number): string {
  return o.builder.initializer(scalar(source.dtype, fill));
}

/** Symmetric padding repeats the border, which ONNX's `edge` does too as long as it is one pixel wide. */
function mirrorPad(o: Operation): Value {
  if (stringAttr(o.node, 'mode', 'REFLECT') === 'REFLECT') return pad(o, 'reflect', 0);
  if (numbersOf(o, 1).some((n) => n > 1)) fail(o, 'symmetric padding of more than one pixel has no ONNX form');
  return pad(o, 'edge', 0);
}
