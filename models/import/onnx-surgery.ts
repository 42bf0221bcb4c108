import { DataType, type OnnxAttribute, type OnnxModel, type OnnxTensor, type OnnxValueInfo } from './onnx-schema.ts';

/**
 * Cuts every node and weight that the named outputs do not need. ONNX Runtime computes all declared outputs of a graph
 * even when a caller asks for one, so training-time side outputs cost time and memory until they are gone.
 * @throws {Error} when the graph has no such output.
 */
export function keepOutputs(model: OnnxModel, names: readonly string[]): OnnxModel {
  const { graph } = model;
  const output = names.map((name) => {
    const found = graph.output.find((o) => o.name === name);
    if (!found) throw new Error(`The graph has no output named "${name}".`);
    return found;
  });
  const producers = new Map(graph.node.flatMap((node) => node.output.map((o) => [o, node] as const)));
  const needed = new Set<string>();
  const open = [...names];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (needed.has(value)) continue;
    needed.add(value);
    open.push(...(producers.get(value)?.input ?? []));
  }
  return {
    ...model,
    graph: {
      ...graph,
      node: graph.node.filter((node) => node.output.some((o) => needed.has(o))),
      initializer: graph.initializer.filter((t) => needed.has(t.name ?? '')),
      output,
      valueInfo: graph.valueInfo.filter((v) => needed.has(v.name)),
    },
  };
}

/**
 * Turns a graph stored in half precision into single precision: weights are widened (exactly) and casts to half become
 * casts to single, which ONNX Runtime removes where they change nothing. Half-precision convolutions have no CPU
 * kernel, so it would otherwise widen around every node.
 */
export function widenFloat16(model: OnnxModel): OnnxModel {
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      // Types recorded for inner values would contradict the widened ones; ONNX Runtime infers them again.
      valueInfo: [],
      input: graph.input.map(widenValue),
      output: graph.output.map(widenValue),
      initializer: graph.initializer.map(widenTensor),
      node: graph.node.map((node) => ({
        ...node,
        attribute: node.attribute.map((a) => widenAttribute(node.opType, a)),
      })),
    },
  };
}

function widenAttribute(opType: string, attribute: OnnxAttribute): OnnxAttribute {
  if (attribute.t) return { ...attribute, t: widenTensor(attribute.t) };
  const castToHalf = opType === 'Cast' && attribute.name === 'to' && Number(attribute.i) === DataType.FLOAT16;
  return castToHalf ? { ...attribute, i: DataType.FLOAT } : attribute;
}

function widenValue(value: OnnxValueInfo): OnnxValueInfo {
  const tensorType = value.type?.tensorType;
  if (tensorType?.elemType !== DataType.FLOAT16) return value;
  return { ...value, type: { tensorType: { ...tensorType, elemType: DataType.FLOAT } } };
}

function widenTensor(tensor: OnnxTensor): OnnxTensor {
  if (tensor.dataType !== DataType.FLOAT16) return tensor;
  const { rawData, int32Data, ...rest } = tensor;
  const count = rawData?.length ? rawData.length >> 1 : (int32Data?.length ?? 0);
  const wide = new DataView(new ArrayBuffer(count * 4));
  for (let i = 0; i < count; i++) {
    const bits = rawData?.length ? rawData[2 * i]! | (rawData[2 * i + 1]! << 8) : int32Data![i]!;
    wide.setFloat32(4 * i, HALF[bits & 0xffff]!, true);
  }
  return { ...rest, dataType: DataType.FLOAT, rawData: new Uint8Array(wide.buffer) };
}

/** IEEE 754 binary16 to a number: sign 1, exponent 5 (bias 15), fraction 10 bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const HALF = Float32Array.from({ length: 0x10000 }, (_, bits) => halfToFloat(bits));

/** A tensor of 32-bit floats that are all the same. */
export interface FilledTensor {
  shape: readonly number[];
  value: number;
}

/**
 * Gives inputs a constant value, after which the graph no longer takes them.
 * @throws {Error} when the graph has no such input.
 */
export function fixInputs(model: OnnxModel, values: Readonly<Record<string, FilledTensor>>): OnnxModel {
  const { graph } = model;
  for (const name of Object.keys(values)) {
    if (!graph.input.some((input) => input.name === name)) throw new Error(`The graph has no input named "${name}".`);
  }
  const fixed = Object.entries(values).map(([name, { shape, value }]): OnnxTensor => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const rawData = new Uint8Array(new Float32Array(size).fill(value).buffer);
    return { name, dims: [...shape], dataType: DataType.FLOAT, rawData };
  });
  return {
    ...model,
    graph: {
      ...graph,
      input: graph.input.filter(({ name }) => !Object.hasOwn(values, name)),
      initializer: [...graph.initializer, ...fixed],
    },
  };
}
