import { addDims, ceilDivideDims, subtractDims } from '../tensor/dims.ts';
import type { Dim } from '../tensor/tensor.ts';
import { intAttr, type TfNode } from '../tf/graph.ts';

export interface SliceAxis {
  axis: number;
  /** Where to start and stop; undefined means from the edge. Symbolic bounds also say which spec entry they are. */
  begin: Dim | undefined;
  end: Dim | undefined;
  step: number;
  shrink: boolean;
  spec: number;
}

/** A strided slice spelled out: what happens to each input axis, with `'new'` where an axis of size 1 is inserted. */
export type SlicePlan = (SliceAxis | 'new')[];

/** Expands the masks of tf.strided_slice (tensorflow/core/ops/array_ops.cc, StridedSlice). */
export function planStridedSlice(
  node: TfNode,
  rank: number,
  begin: readonly Dim[],
  end: readonly Dim[],
  steps: readonly number[],
): SlicePlan {
  const bit = (mask: string, i: number) => ((intAttr(node, mask, 0) >> i) & 1) === 1;
  const specified = steps.filter((_, i) => !bit('ellipsis_mask', i) && !bit('new_axis_mask', i)).length;
  const plan: SlicePlan = [];
  let axis = 0;
  const whole = () => plan.push({ axis: axis++, begin: undefined, end: undefined, step: 1, shrink: false, spec: -1 });
  steps.forEach((step, i) => {
    if (bit('ellipsis_mask', i)) {
      for (let left = rank - specified; left > 0; left--) whole();
    } else if (bit('new_axis_mask', i)) {
      plan.push('new');
    } else {
      const shrink = bit('shrink_axis_mask', i);
      const from = bit('begin_mask', i) && !shrink ? undefined : begin[i];
      const to = bit('end_mask', i) || shrink ? undefined : end[i];
      plan.push({ axis: axis++, begin: from, end: to, step, shrink, spec: i });
    }
  });
  while (axis < rank) whole();
  return plan;
}

/** The first index and the count along one axis of the given size. */
export function boundsOf(cut: SliceAxis, size: Dim): { start: Dim; count: Dim } {
  const { begin, end, step, shrink } = cut;
  if (typeof size === 'number' && typeof begin !== 'string' && typeof end !== 'string') {
    const clamp = (v: number) =>
      Math.min(Math.max(v < 0 ? v + size : v, step > 0 ? 0 : -1), step > 0 ? size : size - 1);
    const start = begin === undefined ? (step > 0 ? 0 : size - 1) : clamp(begin);
    if (shrink) return { start, count: 1 };
    const stop = end === undefined ? (step > 0 ? size : -1) : clamp(end);
    return { start, count: Math.max(0, Math.ceil((stop - start) / step)) };
  }
  const place = (v: Dim | undefined, edge: Dim) =>
    v === undefined ? edge : typeof v === 'number' && v < 0 ? addDims(size, v) : v;
  const start = place(begin, 0);
  if (shrink) return { start, count: 1 };
  return { start, count: ceilDivideDims(subtractDims(place(end, size), start), step) };
}
