import { addDims, ceilDivideDims, floorDivideDims } from '../tensor/dims.ts';
import type { Dim } from '../tensor/tensor.ts';
import { intsAttr, stringAttr } from '../tf/graph.ts';
import { fail, type Operation } from './operation.ts';

/** How a convolution or pooling window moves along height and width. */
export interface Window {
  kernel: [number, number];
  strides: [number, number];
  dilations: [number, number];
  padding: Padding;
}

export type Padding = 'SAME' | 'VALID' | [number, number][];

export interface Placement {
  /** Before and after, per axis; undefined when only the run itself can tell (ONNX then pads SAME_UPPER itself). */
  pads: [number, number][] | undefined;
  out: [Dim, Dim];
}

export function readWindow(o: Operation, kernel: [number, number]): Window {
  const spatial = stringAttr(o.node, 'data_format', 'NHWC') === 'NCHW' ? 2 : 1;
  const two = (name: string): [number, number] => {
    const list = intsAttr(o.node, name);
    return [list[spatial] ?? 1, list[spatial + 1] ?? 1];
  };
  const padding = stringAttr(o.node, 'padding', 'VALID');
  const explicit = intsAttr(o.node, 'explicit_paddings');
  if (padding === 'EXPLICIT') {
    const pads = [0, 1].map((d): [number, number] => [explicit[2 * (d + spatial)]!, explicit[2 * (d + spatial) + 1]!]);
    return { kernel, strides: two('strides'), dilations: two('dilations'), padding: pads };
  }
  if (padding !== 'SAME' && padding !== 'VALID') fail(o, `the padding "${padding}" is unknown`);
  return { kernel, strides: two('strides'), dilations: two('dilations'), padding };
}

/**
 * Paddings and output size as TensorFlow computes them (tensorflow/core/framework/common_shape_fns.cc,
 * GetWindowedOutputSizeVerbose): SAME gives ceil(in / stride) and puts the odd pixel after.
 */
export function placeWindow(window: Window, size: readonly [Dim, Dim]): Placement {
  const pads: [number, number][] = [];
  const out: Dim[] = [];
  let known = true;
  for (const d of [0, 1] as const) {
    const stride = window.strides[d];
    const reach = (window.kernel[d] - 1) * window.dilations[d] + 1;
    const length = size[d];
    if (window.padding === 'SAME') {
      out.push(ceilDivideDims(length, stride));
      if (typeof length === 'number')
        pads.push(split(Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length)));
      else if (stride === 1) pads.push(split(reach - 1));
      else if (reach <= 1) pads.push([0, 0]);
      else known = false;
    } else {
      const pad: [number, number] = window.padding === 'VALID' ? [0, 0] : window.padding[d]!;
      pads.push(pad);
      const room = addDims(length, pad[0] + pad[1] - reach);
      out.push(addDims(floorDivideDims(room, stride), 1));
    }
  }
  return { pads: known ? pads : undefined, out: [out[0]!, out[1]!] };
}

/** ONNX lists all paddings before, then all after. */
export function onnxPads(pads: readonly [number, number][]): number[] {
  return [...pads.map((p) => p[0]), ...pads.map((p) => p[1])];
}

function split(total: number): [number, number] {
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
