import { type AnyTensor, makeData, type NumericData, sizeOf, stridesOf } from './tensor.ts';

/** A tensor of the given shape whose element at each output index comes from the given flat index of `source`. */
function pick<T extends AnyTensor>(source: T, shape: readonly number[], from: (index: number[]) => number): T {
  const length = sizeOf(shape);
  const data: NumericData | (number | string)[] = Array.isArray(source.data)
    ? new Array<number | string>(length)
    : makeData(source.dtype, length);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < length; i++) {
    data[i] = source.data[from(index)]! as never;
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]!++;
      if (index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
  return { ...source, shape: [...shape], data };
}

/** The same where the index moves by a fixed step along each axis: weights of millions of elements go this way. */
function walk<T extends AnyTensor>(source: T, shape: readonly number[], start: number, steps: readonly number[]): T {
  const length = sizeOf(shape);
  const data: NumericData | (number | string)[] = Array.isArray(source.data)
    ? new Array<number | string>(length)
    : makeData(source.dtype, length);
  const rank = shape.length;
  const [inner, step] = rank ? [shape[rank - 1]!, steps[rank - 1]!] : [1, 0];
  const index = new Array<number>(rank).fill(0);
  let from = start;
  for (let at = 0; at < length; ) {
    for (let i = 0; i < inner; i++) data[at++] = source.data[from + i * step]! as never;
    for (let d = rank - 2; d >= 0; d--) {
      from += steps[d]!;
      if (++index[d]! < shape[d]!) break;
      from -= steps[d]! * shape[d]!;
      index[d] = 0;
    }
  }
  return { ...source, shape: [...shape], data };
}

export function reshape<T extends AnyTensor>(source: T, shape: readonly number[]): T {
  return { ...source, shape: [...shape] };
}

export function transpose<T extends AnyTensor>(source: T, permutation: readonly number[]): T {
  const strides = stridesOf(source.shape);
  return walk(
    source,
    permutation.map((axis) => source.shape[axis]!),
    0,
    permutation.map((axis) => strides[axis]!),
  );
}

export function broadcastTo<T extends AnyTensor>(source: T, shape: readonly number[]): T {
  const strides = stridesOf(source.shape);
  const lead = shape.length - source.shape.length;
  const steps = shape.map((_, d) => (d < lead || source.shape[d - lead] === 1 ? 0 : strides[d - lead]!));
  return walk(source, shape, 0, steps);
}

/** A box cut out of a tensor: start and step along every axis, and the size of the result. */
export function slice<T extends AnyTensor>(
  source: T,
  begin: readonly number[],
  step: readonly number[],
  shape: readonly number[],
): T {
  const strides = stridesOf(source.shape);
  const start = dot(begin, strides);
  const steps = step.map((s, d) => s * strides[d]!);
  return walk(source, shape, start, steps);
}

export function tile<T extends AnyTensor>(source: T, repeats: readonly number[]): T {
  const strides = stridesOf(source.shape);
  const shape = source.shape.map((n, d) => n * repeats[d]!);
  return pick(source, shape, (index) => index.reduce((sum, i, d) => sum + (i % source.shape[d]!) * strides[d]!, 0));
}

/** `indices` may have any shape, which replaces the axis (tf.gather without batch dimensions). */
export function gather<T extends AnyTensor>(
  source: T,
  indices: { shape: readonly number[]; data: ArrayLike<number> },
  axis: number,
): T {
  const rank = indices.shape.length;
  const shape = [...source.shape.slice(0, axis), ...indices.shape, ...source.shape.slice(axis + 1)];
  const strides = stridesOf(source.shape);
  const indexStrides = stridesOf(indices.shape);
  return pick(source, shape, (index) => {
    let at = 0;
    for (let d = 0; d < axis; d++) at += index[d]! * strides[d]!;
    let k = 0;
    for (let d = 0; d < rank; d++) k += index[axis + d]! * indexStrides[d]!;
    at += indices.data[k]! * strides[axis]!;
    for (let d = axis + 1; d < source.shape.length; d++) at += index[d - 1 + rank]! * strides[d]!;
    return at;
  });
}

export function pad<T extends AnyTensor>(
  source: T,
  before: readonly number[],
  shape: readonly number[],
  fill: number,
): T {
  const strides = stridesOf(source.shape);
  const padded = pick(source, shape, (index) => {
    let at = 0;
    for (let d = 0; d < index.length; d++) {
      const i = index[d]! - before[d]!;
      if (i < 0 || i >= source.shape[d]!) return -1;
      at += i * strides[d]!;
    }
    return at;
  });
  for (let i = 0; i < padded.data.length; i++) if (padded.data[i] === undefined) padded.data[i] = fill as never;
  return padded;
}

export function concat<T extends AnyTensor>(sources: readonly T[], axis: number): T {
  const first = sources[0]!;
  const shape = [...first.shape];
  shape[axis] = sources.reduce((sum, t) => sum + t.shape[axis]!, 0);
  const outer = sizeOf(first.shape.slice(0, axis));
  const length = sizeOf(shape);
  const data: NumericData | (number | string)[] = Array.isArray(first.data)
    ? new Array<number | string>(length)
    : makeData(first.dtype, length);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const source of sources) {
      const run = sizeOf(source.shape.slice(axis));
      for (let i = 0; i < run; i++) data[at++] = source.data[o * run + i]! as never;
    }
  }
  return { ...first, shape, data };
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
