import { GraphFormatError } from '../errors.ts';
import { scalar, type Tensor } from '../tensor/tensor.ts';
import { type AttrValue, makeNode, parseInput, type TfGraph, type TfNode, TYPE_NUMBERS } from '../tf/graph.ts';
import { decodeWeights, type WeightSpec } from './weights.ts';

/** protobuf's JSON form of an AttrValue: 64-bit integers are strings, bytes are base64. */
interface JsonAttr {
  i?: string | number;
  f?: string | number;
  b?: boolean;
  s?: string;
  type?: string | number;
  shape?: JsonShape;
  tensor?: { dtype?: string | number; tensorShape?: JsonShape };
  list?: { i?: (string | number)[]; f?: (string | number)[]; s?: string[]; type?: (string | number)[] };
}

interface JsonShape {
  unknownRank?: boolean;
  dim?: { size?: string | number }[];
}

interface JsonModel {
  modelTopology?: { node?: { name: string; op: string; input?: string[]; attr?: Record<string, JsonAttr> }[] };
  weightsManifest?: { weights: WeightSpec[] }[];
  signature?: JsonSignature;
  userDefinedMetadata?: { signature?: JsonSignature };
}

interface JsonSignature {
  inputs?: Record<string, { name?: string }>;
  outputs?: Record<string, { name?: string }>;
}

/**
 * Reads a TensorFlow.js graph model: `model.json` parsed, and its weight shards concatenated.
 * @throws {GraphFormatError} when it is a layers model, or weights are missing.
 */
export function readTfjsModel(json: object, bytes: Uint8Array): TfGraph {
  const model = json as JsonModel;
  const list = model.modelTopology?.node;
  if (!Array.isArray(list)) throw new GraphFormatError('The model.json holds no graph (is it a layers model?).');
  const weights = decodeWeights(model.weightsManifest?.flatMap((group) => group.weights) ?? [], bytes);
  const nodes = new Map<string, TfNode>();
  for (const { name, op, input, attr } of list) {
    const attrs = Object.fromEntries(Object.entries(attr ?? {}).flatMap(([key, value]) => decodeAttr(key, value)));
    if (op === 'Const') attrs.value = { tensor: constantOf(name, weights) };
    nodes.set(name, makeNode(name, op, input ?? [], attrs));
  }
  const signature = model.signature ?? model.userDefinedMetadata?.signature ?? {};
  return { nodes, inputs: inputsOf(nodes, signature), outputs: outputsOf(nodes, signature) };
}

function constantOf(name: string, weights: Map<string, Tensor>): Tensor {
  const tensor = weights.get(name);
  if (!tensor) throw new GraphFormatError(`The weight manifest lacks the constant "${name}".`);
  return tensor;
}

function inputsOf(nodes: Map<string, TfNode>, signature: JsonSignature): TfGraph['inputs'] {
  const named = new Map<string, string>();
  for (const [key, info] of Object.entries(signature.inputs ?? {})) named.set(parseInput(info.name ?? key).node, key);
  return [...nodes.values()]
    .filter((node) => node.op === 'Placeholder')
    .map(({ name }) => ({ name: parseInput(named.get(name) ?? name).node, node: name }));
}

function outputsOf(nodes: Map<string, TfNode>, signature: JsonSignature): TfGraph['outputs'] {
  const outputs = Object.entries(signature.outputs ?? {}).map(([key, info]) => {
    const { node, index } = parseInput(info.name ?? key);
    return { name: parseInput(key).node, node, index };
  });
  return outputs.length ? outputs : leavesOf(nodes);
}

/** Values that nothing reads: what a graph without a signature must mean by its outputs. */
export function leavesOf(nodes: Map<string, TfNode>): TfGraph['outputs'] {
  const read = new Set([...nodes.values()].flatMap((node) => node.inputs.map((input) => input.node)));
  return [...nodes.values()]
    .filter((node) => !read.has(node.name) && !['NoOp', 'Const', 'Placeholder', 'Assert'].includes(node.op))
    .map(({ name }) => ({ name, node: name, index: 0 }));
}

function decodeAttr(key: string, attr: JsonAttr): [string, AttrValue][] {
  const value = attrValue(attr);
  return value === undefined ? [] : [[key, value]];
}

function attrValue(attr: JsonAttr): AttrValue | undefined {
  if (attr.s !== undefined) return decodeString(attr.s);
  if (attr.i !== undefined) return Number(attr.i);
  if (attr.f !== undefined) return Number(attr.f);
  if (attr.b !== undefined) return attr.b;
  if (attr.type !== undefined) return typeName(attr.type);
  if (attr.shape !== undefined) return { shape: decodeShape(attr.shape) };
  if (attr.tensor !== undefined) return { tensor: scalar('float32', 0) };
  if (attr.list?.s) return attr.list.s.map(decodeString);
  if (attr.list?.type) return attr.list.type.map(typeName);
  if (attr.list) return (attr.list.i ?? attr.list.f ?? []).map(Number);
  return undefined;
}

function typeName(type: string | number): string {
  return typeof type === 'number' ? (TYPE_NUMBERS[type] ?? String(type)) : type;
}

function decodeString(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/** TensorFlow.js writes a scalar and a shape of unknown rank alike, as no dimensions; the caller decides which it is. */
function decodeShape(shape: JsonShape): number[] | null {
  return shape.unknownRank ? null : (shape.dim ?? []).map((d) => Number(d.size ?? 0));
}
