import { broadcastShapes } from '../tensor/dims.ts';
import { type Dim, scalar } from '../tensor/tensor.ts';
import { padRank } from './builder.ts';
import type { Operation } from './operation.ts';
import { isNchw, type Value } from './value.ts';

export interface Broadcast {
  names: string[];
  shape: Dim[];
  nchw: boolean;
}

/**
 * Brings operands of an elementwise operation into one layout: channels-first as soon as one of them is. Operands of
 * lower rank align with the last axis in TensorFlow, which is the channel, so they get leading ones before they move.
 */
export function broadcast(operation: Operation, operands: readonly Value[]): Broadcast {
  const shape = operands.map((v) => v.shape).reduce((a, b) => broadcastShapes(a, b));
  const nchw = shape.length === 4 && operands.some(isNchw);
  return { names: operands.map((v) => operandName(operation, v, shape, nchw, operands)), shape, nchw };
}

function operandName(
  { builder }: Operation,
  value: Value,
  shape: readonly Dim[],
  nchw: boolean,
  all: readonly Value[],
): string {
  const { tensor } = value;
  if (
    tensor?.data.length === 1 &&
    shape.length > 0 &&
    all.some((v) => v !== value && v.shape.length === shape.length)
  ) {
    return builder.initializer({ ...tensor, shape: [] });
  }
  if (value.splat !== undefined && all.some((v) => v !== value && sameShape(v.shape, shape))) {
    return builder.initializer(scalar(value.dtype, value.splat));
  }
  if (!nchw) return builder.plain(value);
  const padded = padRank(value, 4);
  if (padded.shape.length === 4) return builder.nchw(padded);
  const lead = Array.from({ length: 4 - value.shape.length }, (_, i) => i);
  const grown = builder.emit('Unsqueeze', [builder.plain(value), builder.ints(lead)]);
  return builder.nchw({ dtype: value.dtype, shape: [...lead.map(() => 1), ...value.shape], plain: grown });
}

export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

export function broadcastValue(from: Broadcast, dtype: Value['dtype'], name: string): Value {
  return from.nchw ? { dtype, shape: from.shape, nchw: name } : { dtype, shape: from.shape, plain: name };
}
