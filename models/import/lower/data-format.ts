import { stringAttr } from '../tf/graph.ts';
import type { Operation } from './operation.ts';
import { TO_NCHW, TO_NHWC, type Value } from './value.ts';

/**
 * A node with `data_format: NCHW` has its channels second in TensorFlow already. Seen as NHWC it is a value whose
 * channels-first form exists, and nothing has to move.
 */
export function toNchwFormat({ node, builder }: Operation, value: Value): Value {
  if (stringAttr(node, 'data_format', 'NHWC') !== 'NCHW' || value.shape.length !== 4) return value;
  return { dtype: value.dtype, shape: TO_NHWC.map((axis) => value.shape[axis]!), nchw: builder.plain(value) };
}

export function fromNchwFormat({ node, builder }: Operation, value: Value): Value {
  if (stringAttr(node, 'data_format', 'NHWC') !== 'NCHW' || value.shape.length !== 4) return value;
  return { dtype: value.dtype, shape: TO_NCHW.map((axis) => value.shape[axis]!), plain: builder.nchw(value) };
}
