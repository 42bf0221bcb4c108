import { GraphFormatError } from '../errors.ts';
import { halfToFloat } from '../onnx-surgery.ts';
import { type DType, makeData, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { leavesOf } from '../tfjs/model-json.ts';
import { type AttrValue, makeNode, type TfGraph, type TfNode, TYPE_NUMBERS, TYPES } from './graph.ts';
import {
  type AttrProto,
  decodeGraphDef,
  type NodeProto,
  type ShapeProto,
  type TensorProto,
} from './graph-def-schema.ts';

const HALF = 19;

/**
 * Reads a frozen GraphDef. It has no signature: its inputs are its placeholders and its outputs the values nothing
 * reads, unless the caller names others.
 * @throws {GraphFormatError} when the bytes are something else.
 */
export function readGraphDef(bytes: Uint8Array): TfGraph {
  const nodes = new Map(decode(bytes).map((proto): [string, TfNode] => [proto.name, readNode(proto)]));
  if (nodes.size === 0 || [...nodes.values()].some((node) => !node.op || !node.name)) {
    throw new GraphFormatError('The file is not a frozen TensorFlow graph.');
  }
  const inputs = [...nodes.values()].filter((node) => node.op === 'Placeholder');
  return { nodes, inputs: inputs.map(({ name }) => ({ name, node: name })), outputs: leavesOf(nodes) };
}

function decode(bytes: Uint8Array): NodeProto[] {
  try {
    return decodeGraphDef(bytes);
  } catch (error) {
    throw new GraphFormatError(`The file is not a frozen TensorFlow graph: ${String(error)}`);
  }
}

function readNode(proto: NodeProto): TfNode {
  const attrs: Record<string, AttrValue> = {};
  for (const [key, attr] of Object.entries(proto.attr ?? {})) {
    const value = readAttr(attr, proto.name);
    if (value !== undefined) attrs[key] = value;
  }
  return makeNode(proto.name, proto.op, proto.input ?? [], attrs);
}

function readAttr(attr: AttrProto, node: string): AttrValue | undefined {
  const has = (key: keyof AttrProto) => Object.hasOwn(attr, key);
  if (has('s')) return text(attr.s!);
  if (has('i')) return Number(attr.i);
  if (has('f')) return attr.f;
  if (has('b')) return attr.b;
  if (has('type')) return typeName(attr.type!);
  if (has('shape')) return { shape: readShape(attr.shape!) };
  if (has('tensor')) return { tensor: readTensor(attr.tensor!, node) };
  if (!has('list')) return undefined;
  const { s, i, f, type } = attr.list!;
  if (s?.length) return s.map(text);
  if (type?.length) return type.map(typeName);
  return (i?.length ? i : (f ?? [])).map(Number);
}

function readShape(shape: ShapeProto): number[] | null {
  return shape.unknownRank ? null : (shape.dim ?? []).map((d) => Number(d.size ?? 0));
}

function typeName(type: number): string {
  return TYPE_NUMBERS[type] ?? `DT_${type}`;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

/**
 * Values come as raw little-endian bytes or as a list in which the last one repeats to fill the shape
 * (tensorflow/core/framework/tensor.proto).
 */
function readTensor(proto: TensorProto, node: string): Tensor {
  const dtype = TYPES[typeName(proto.dtype ?? 0)];
  if (!dtype) throw new GraphFormatError(`The constant "${node}" has the unknown type ${proto.dtype}.`);
  const shape = readShape(proto.tensorShape ?? {}) ?? [];
  const count = sizeOf(shape);
  if (dtype === 'string') return { dtype, shape, data: new Float32Array(0) };
  if (proto.tensorContent?.length) return { dtype, shape, data: readContent(proto, dtype, count, node) };
  const data = makeData(dtype, count);
  const list = listOf(proto);
  for (let i = 0; i < count; i++) data[i] = list[Math.min(i, list.length - 1)] ?? 0;
  return { dtype, shape, data };
}

function listOf(proto: TensorProto): number[] {
  if (proto.dtype === HALF) return (proto.halfVal ?? []).map(halfToFloat);
  const lists = [proto.floatVal, proto.doubleVal, proto.intVal, proto.int64Val, proto.boolVal];
  return (lists.find((list) => list?.length) ?? []).map(Number);
}

function readContent(proto: TensorProto, dtype: DType, count: number, node: string): Tensor['data'] {
  // A copy, because the content sits at any offset of the file while typed arrays want theirs aligned.
  const bytes = new Uint8Array(proto.tensorContent!).buffer;
  const data = contentReader(proto.dtype!, dtype, bytes);
  if (data.length !== count) throw new GraphFormatError(`The constant "${node}" does not fill its shape.`);
  return data;
}

function contentReader(type: number, dtype: DType, bytes: ArrayBuffer): Tensor['data'] {
  if (type === HALF) return Float32Array.from(new Uint16Array(bytes), halfToFloat);
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes);
    case 'float64':
      return new Float64Array(bytes);
    case 'int32':
      return new Int32Array(bytes);
    case 'int64':
      return Float64Array.from(new BigInt64Array(bytes), Number);
    case 'int8':
      return new Int8Array(bytes);
    default:
      return new Uint8Array(bytes);
  }
}
