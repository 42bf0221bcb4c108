import type { Dim, DType, Tensor } from './tensor/tensor.ts';

export type NetAttr = number | string | number[] | { float: number } | { floats: number[] } | { tensor: Tensor };

/** An ONNX node in the making. Attribute numbers are integers unless wrapped as floats. */
export interface NetNode {
  op: string;
  name: string;
  inputs: string[];
  outputs: string[];
  attrs: Record<string, NetAttr>;
}

export interface NetValue {
  name: string;
  dtype: DType;
  shape: Dim[];
}

/** An ONNX graph in the making: what lowering fills, optimizing rewrites and encoding writes. */
export interface Net {
  nodes: NetNode[];
  /** Constants; an `int64` tensor here is what ONNX wants for shapes and axes. */
  constants: Map<string, Tensor>;
  inputs: NetValue[];
  outputs: NetValue[];
}

export function readersOf(net: Net): Map<string, NetNode[]> {
  const readers = new Map<string, NetNode[]>();
  for (const node of net.nodes) {
    for (const input of node.inputs) {
      const list = readers.get(input);
      if (list) list.push(node);
      else readers.set(input, [node]);
    }
  }
  return readers;
}

export function producersOf(net: Net): Map<string, NetNode> {
  return new Map(net.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

export function intsOf(attr: NetAttr | undefined): number[] {
  return Array.isArray(attr) ? attr : [];
}
