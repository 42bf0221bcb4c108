import type { DType, Tensor } from '../tensor/tensor.ts';

/** A decoded attribute. Shapes of unknown rank are null, unknown dimensions -1. */
export type AttrValue =
  | number
  | boolean
  | string
  | number[]
  | string[]
  | { shape: number[] | null }
  | { tensor: Tensor };

/** One operation, whichever file it came from. */
export interface TfNode {
  name: string;
  op: string;
  /** Data inputs: which node, and which of its outputs. */
  inputs: { node: string; index: number }[];
  /** Nodes that must be alive for this one to be (`^name` in the file). */
  controls: string[];
  attrs: Record<string, AttrValue>;
}

export interface TfGraph {
  nodes: Map<string, TfNode>;
  /** Names a caller uses for inputs and outputs, and the value each stands for. */
  inputs: { name: string; node: string }[];
  outputs: { name: string; node: string; index: number }[];
}

/** `name`, `name:2` or `^name`, as NodeDef.input spells them (tensorflow/core/framework/node_def.proto). */
export function parseInput(text: string): { node: string; index: number; control: boolean } {
  if (text.startsWith('^')) return { node: text.slice(1), index: 0, control: true };
  const match = /^(.*):(\d+)$/.exec(text);
  return match
    ? { node: match[1]!, index: Number(match[2]), control: false }
    : { node: text, index: 0, control: false };
}

export function makeNode(
  name: string,
  op: string,
  inputs: readonly string[],
  attrs: Record<string, AttrValue>,
): TfNode {
  const parsed = inputs.map(parseInput);
  return {
    name,
    op,
    inputs: parsed.filter((i) => !i.control).map(({ node, index }) => ({ node, index })),
    controls: parsed.filter((i) => i.control).map((i) => i.node),
    attrs,
  };
}

export function intAttr(node: TfNode, name: string, fallback: number): number {
  const value = node.attrs[name];
  return typeof value === 'number' ? value : fallback;
}

export function boolAttr(node: TfNode, name: string): boolean {
  return node.attrs[name] === true;
}

export function stringAttr(node: TfNode, name: string, fallback: string): string {
  const value = node.attrs[name];
  return typeof value === 'string' ? value : fallback;
}

export function intsAttr(node: TfNode, name: string): number[] {
  const value = node.attrs[name];
  return Array.isArray(value) ? value.map(Number) : [];
}

export function stringsAttr(node: TfNode, name: string): string[] {
  const value = node.attrs[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function typeAttr(node: TfNode, name: string): DType | undefined {
  const value = node.attrs[name];
  return typeof value === 'string' ? TYPES[value] : undefined;
}

/** DataType names and numbers (tensorflow/core/framework/types.proto). */
export const TYPE_NUMBERS: Record<number, string> = {
  1: 'DT_FLOAT',
  2: 'DT_DOUBLE',
  3: 'DT_INT32',
  4: 'DT_UINT8',
  6: 'DT_INT8',
  7: 'DT_STRING',
  9: 'DT_INT64',
  10: 'DT_BOOL',
  19: 'DT_HALF',
};

export const TYPES: Record<string, DType> = {
  DT_FLOAT: 'float32',
  DT_DOUBLE: 'float64',
  DT_INT32: 'int32',
  DT_UINT8: 'uint8',
  DT_INT8: 'int8',
  DT_STRING: 'string',
  DT_INT64: 'int64',
  DT_BOOL: 'bool',
  // Half precision is widened on reading: the whole graph then runs in single precision.
  DT_HALF: 'float32',
};
