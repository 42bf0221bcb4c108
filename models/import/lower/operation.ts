import { UnsupportedOpError } from '../errors.ts';
import type { Dim, Tensor } from '../tensor/tensor.ts';
import type { TfNode } from '../tf/graph.ts';
import type { Builder } from './builder.ts';
import { isNchw, NCHW_AXIS, type Value } from './value.ts';

/** One TensorFlow node on its way into ONNX. */
export interface Operation {
  builder: Builder;
  node: TfNode;
  inputs: Value[];
}

export type Lower = (operation: Operation) => Value | Value[];

export function fail(operation: Operation, reason: string): never {
  throw new UnsupportedOpError(operation.node.op, operation.node.name, reason);
}

export function inputOf(operation: Operation, index: number): Value {
  return operation.inputs[index] ?? fail(operation, `input ${index} is missing`);
}

/** An input that decides the structure of the result and so has to be known now. */
export function constantOf(operation: Operation, index: number): Tensor {
  return inputOf(operation, index).tensor ?? fail(operation, `input ${index} must be a constant`);
}

export function numbersOf(operation: Operation, index: number): number[] {
  return Array.from(constantOf(operation, index).data);
}

export function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Applies an ONNX operation that looks at each element alone, in whichever layout the value is. */
export function mapValue(operation: Operation, value: Value, apply: (name: string) => string): Value {
  const { dtype, shape } = value;
  const { builder } = operation;
  return isNchw(value)
    ? { dtype, shape, nchw: apply(builder.nchw(value)) }
    : { dtype, shape, plain: apply(builder.plain(value)) };
}

/** Applies an ONNX operation that names axes, mapping them (and lists with one entry per axis) to the value's layout. */
export function mapAxes(
  operation: Operation,
  value: Value,
  shape: Dim[],
  apply: (name: string, axis: (tfAxis: number) => number, order: <T>(list: T[]) => T[]) => string,
): Value {
  const { builder } = operation;
  const { dtype } = value;
  if (isNchw(value)) {
    const order = <T>(list: T[]) => [list[0]!, list[3]!, list[1]!, list[2]!];
    return { dtype, shape, nchw: apply(builder.nchw(value), (axis) => NCHW_AXIS[axis]!, order) };
  }
  return {
    dtype,
    shape,
    plain: apply(
      builder.plain(value),
      (axis) => axis,
      (list) => list,
    ),
  };
}

/** A name whose numbers are in TensorFlow's order, for a reshape to follow: a layout change may not be needed at all. */
export function orderedName(builder: Builder, value: Value): string {
  if (value.plain === undefined && value.nchw !== undefined) {
    const [, h, w, c] = value.shape;
    if (c === 1 || (h === 1 && w === 1)) return value.nchw;
  }
  return builder.plain(value);
}
