import type { Net, NetAttr } from '../net.ts';
import { isStatic } from '../tensor/dims.ts';
import { reshape, transpose } from '../tensor/rearrange.ts';
import { type Dim, type DType, makeTensor, type Tensor } from '../tensor/tensor.ts';
import { constant, TO_NCHW, TO_NHWC, toNchw, type Value } from './value.ts';

/** Writes ONNX nodes and hands out names. Names follow the TensorFlow node being lowered, so errors can be traced. */
export class Builder {
  readonly net: Net = { nodes: [], constants: new Map(), inputs: [], outputs: [] };
  readonly #taken = new Set<string>();
  readonly #small = new Map<string, string>();
  readonly #arrangements = new WeakMap<Tensor, { plain?: string; nchw?: string }>();
  #scope = 'graph';

  enter(scope: string): void {
    this.#scope = scope;
  }

  /** A unique name; inputs and outputs reserve theirs first. */
  name(hint: string): string {
    let name = hint;
    for (let i = 1; this.#taken.has(name); i++) name = `${hint}_${i}`;
    this.#taken.add(name);
    return name;
  }

  emit(op: string, inputs: readonly string[], attrs: Record<string, NetAttr> = {}): string {
    return this.emitMany(op, inputs, 1, attrs)[0]!;
  }

  emitMany(op: string, inputs: readonly string[], count: number, attrs: Record<string, NetAttr> = {}): string[] {
    const name = this.name(`${this.#scope}/${op}`);
    const outputs = count === 1 ? [name] : Array.from({ length: count }, (_, i) => this.name(`${name}:${i}`));
    this.net.nodes.push({ op, name, inputs: [...inputs], outputs, attrs });
    return outputs;
  }

  /** The ONNX name of a constant tensor, one per distinct content for small ones. */
  initializer(tensor: Tensor): string {
    const key = tensor.data.length <= 16 ? `${tensor.dtype}[${tensor.shape}]${Array.from(tensor.data, String)}` : '';
    const known = key && this.#small.get(key);
    if (known) return known;
    const name = this.name(`${this.#scope}/const`);
    this.net.constants.set(name, tensor);
    if (key) this.#small.set(key, name);
    return name;
  }

  /** An int64 vector, the type ONNX wants for shapes, axes, indices and pads. */
  ints(values: readonly number[]): string {
    return this.initializer(makeTensor('int64', [values.length], values));
  }

  float(value: number): string {
    return this.initializer(makeTensor('float32', [], [value]));
  }

  /** The name of the value laid out as TensorFlow has it. */
  plain(value: Value): string {
    if (value.plain !== undefined) return value.plain;
    if (value.tensor) return this.#arranged(value.tensor, 'plain');
    if (value.nchw !== undefined) {
      const [, h, w, c] = value.shape;
      value.plain = this.#rearrange(value.nchw, value.shape, TO_NHWC, c === 1 || (h === 1 && w === 1));
      return value.plain;
    }
    if (value.splat !== undefined) {
      const single = this.initializer(makeTensor(value.dtype, [], [value.splat]));
      value.plain = this.emit('Expand', [single, this.shapeVector(value.shape, value.like ?? value)]);
      return value.plain;
    }
    throw new Error(`A value of shape [${value.shape}] has no ONNX form.`);
  }

  /** The name of a 4-D value with its channels in second place. */
  nchw(value: Value): string {
    if (value.nchw !== undefined) return value.nchw;
    if (value.tensor) return this.#arranged(value.tensor, 'nchw');
    const [, h, w, c] = value.shape;
    value.nchw = this.#rearrange(this.plain(value), toNchw(value.shape), TO_NCHW, c === 1 || (h === 1 && w === 1));
    return value.nchw;
  }

  /** An int64 vector of which some parts are numbers and others come from elements of 1-D or 0-D values. */
  vector(parts: readonly (number | { value: Value; index: number })[]): string {
    if (parts.every((part): part is number => typeof part === 'number')) return this.ints(parts);
    const pieces = parts.map((part) => {
      if (typeof part === 'number') return this.ints([part]);
      const wide = this.#wide(part.value);
      if (part.value.shape.length === 0) return this.emit('Reshape', [wide, this.ints([1])]);
      return this.emit('Gather', [wide, this.ints([part.index])], { axis: 0 });
    });
    return pieces.length === 1 ? pieces[0]! : this.emit('Concat', pieces, { axis: 0 });
  }

  /** A 1-D integer value as int64, its known elements written in. */
  indexVector(value: Value): string {
    if (value.tensor) return this.ints(Array.from(value.tensor.data));
    const known = value.symbolic?.data;
    if (!known?.some((v) => typeof v === 'number')) return this.#wide(value);
    return this.vector(known.map((v, index) => (typeof v === 'number' ? v : { value, index })));
  }

  /** A shape as an int64 vector, unknown dimensions read off `like`, which has that very shape. */
  shapeVector(shape: readonly Dim[], like: Value): string {
    if (isStatic(shape)) return this.ints(shape);
    if (like.plain === undefined && like.nchw === undefined && !like.like)
      throw new Error('The shape is known only when the graph runs.');
    return this.vector(
      shape.map((n, index) => (typeof n === 'number' ? n : { value: this.runtimeShape(like), index })),
    );
  }

  /** The value's shape, in TensorFlow's order, as a value computed when the graph runs. */
  runtimeShape(value: Value): Value {
    const shape: Dim[] = [value.shape.length];
    if (value.plain === undefined && value.nchw !== undefined) {
      const nchw = this.emit('Shape', [value.nchw]);
      return { dtype: 'int64', shape, plain: this.emit('Gather', [nchw, this.ints([...TO_NHWC])], { axis: 0 }) };
    }
    return { dtype: 'int64', shape, plain: this.emit('Shape', [this.plain(value)]) };
  }

  cast(name: string, to: DType): string {
    return this.emit('Cast', [name], { to: ONNX_TYPES[to] });
  }

  /** A runtime reshape to a shape of which at most one dimension is symbolic. */
  reshaped(name: string, shape: readonly Dim[]): string {
    return this.emit('Reshape', [name, this.ints(shape.map((n) => (typeof n === 'number' ? n : -1)))]);
  }

  #wide(value: Value): string {
    return value.dtype === 'int64' ? this.plain(value) : this.cast(this.plain(value), 'int64');
  }

  #arranged(tensor: Tensor, as: 'plain' | 'nchw'): string {
    const names = this.#arrangements.get(tensor) ?? {};
    this.#arrangements.set(tensor, names);
    names[as] ??= this.initializer(as === 'plain' ? tensor : transpose(tensor, TO_NCHW));
    return names[as];
  }

  #rearrange(name: string, to: readonly Dim[], permutation: readonly number[], sameOrder: boolean): string {
    const unknown = to.filter((n) => typeof n === 'string').length;
    if (sameOrder && unknown <= 1) return this.reshaped(name, to);
    return this.emit('Transpose', [name], { perm: [...permutation] });
  }
}

/** TensorProto.DataType (onnx.proto). */
export const ONNX_TYPES: Record<DType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float64: 11,
};

/** A constant of lower rank brought to the rank of its partner, so that both can change layout together. */
export function padRank(value: Value, rank: number): Value {
  if (value.shape.length >= rank || !value.tensor) return value;
  const shape = [...new Array<number>(rank - value.shape.length).fill(1), ...value.tensor.shape];
  return constant(reshape(value.tensor, shape));
}
