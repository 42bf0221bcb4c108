import { TYPE_NUMBERS } from '../../../models/import/tf/graph.ts';
import { type AttrProto, encodeGraphDef, type NodeProto } from '../../../models/import/tf/graph-def-schema.ts';
import type { TfjsJson } from '../../../scripts/bench/human-models.ts';

type Attr = number | boolean | string | number[] | string[] | { type: string } | { float: number } | { dims: number[] };

interface Constant {
  dtype: 'float32' | 'int32' | 'bool';
  shape: number[];
  values: number[];
}

interface Node {
  name: string;
  op: string;
  inputs: string[];
  attrs: Record<string, Attr>;
  constant?: Constant;
}

const TYPE_NAMES = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' } as const;
const TYPE_CODES = Object.fromEntries(Object.entries(TYPE_NUMBERS).map(([code, name]) => [name, Number(code)]));

/** Writes a TensorFlow graph by hand, and saves it both as a frozen GraphDef and as a TensorFlow.js graph model. */
export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #inputs: string[] = [];
  readonly #random: () => number;

  constructor(seed = 1) {
    this.#random = randomNumbers(seed);
  }

  input(name: string, shape: number[], type = 'DT_FLOAT'): string {
    this.#inputs.push(name);
    return this.op('Placeholder', [], { dtype: { type }, shape: { dims: shape } }, name);
  }

  ints(values: number | number[], shape?: number[]): string {
    const list = typeof values === 'number' ? [values] : values;
    return this.#constant({
      dtype: 'int32',
      shape: shape ?? (typeof values === 'number' ? [] : [list.length]),
      values: list,
    });
  }

  floats(values: number | number[], shape?: number[]): string {
    const list = typeof values === 'number' ? [values] : values;
    return this.#constant({
      dtype: 'float32',
      shape: shape ?? (typeof values === 'number' ? [] : [list.length]),
      values: list,
    });
  }

  /** Weights: uniform numbers, as wide as keeps the signal's strength through a convolution with this many inputs. */
  weights(shape: number[], range = Math.sqrt(6 / shape.slice(0, -1).reduce((p, n) => p * n, 1))): string {
    const length = shape.reduce((product, n) => product * n, 1);
    return this.floats(
      Array.from({ length }, () => (2 * this.#random() - 1) * range),
      shape,
    );
  }

  /** Numbers between two bounds. */
  between(low: number, high: number, shape: number[]): string {
    const length = shape.reduce((product, n) => product * n, 1);
    return this.floats(
      Array.from({ length }, () => low + (high - low) * this.#random()),
      shape,
    );
  }

  op(op: string, inputs: string[], attrs: Record<string, Attr> = {}, name = `${op}_${this.#nodes.length}`): string {
    this.#nodes.push({ name, op, inputs, attrs });
    return name;
  }

  toGraphDef(): Uint8Array {
    return encodeGraphDef(this.#nodes.map(toProto));
  }

  toTfjs(outputs: readonly string[]): { json: TfjsJson; weights: Uint8Array } {
    const constants = this.#nodes.filter((node) => node.constant);
    const port = (name: string) => [name, { name: name.includes(':') ? name : `${name}:0` }] as const;
    const json = {
      format: 'graph-model',
      modelTopology: { node: this.#nodes.map(toJson), versions: { producer: 134 } },
      weightsManifest: [
        {
          paths: ['weights.bin'],
          weights: constants.map((node) => ({
            name: node.name,
            shape: node.constant!.shape,
            dtype: node.constant!.dtype,
          })),
        },
      ],
      signature: {
        inputs: Object.fromEntries(this.#inputs.map(port)),
        outputs: Object.fromEntries(outputs.map(port)),
      },
    };
    const weights = new Uint8Array(Buffer.concat(constants.map((node) => bytesOf(node.constant!))));
    return { json, weights };
  }

  #constant(constant: Constant): string {
    const name = `Const_${this.#nodes.length}`;
    this.#nodes.push({
      name,
      op: 'Const',
      inputs: [],
      attrs: { dtype: { type: TYPE_NAMES[constant.dtype] } },
      constant,
    });
    return name;
  }
}

/** Marsaglia's xorshift32 as numbers 0..1. */
export function randomNumbers(seed: number): () => number {
  let state = (seed * 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function bytesOf({ dtype, values }: Constant): Uint8Array {
  if (dtype === 'bool') return Uint8Array.from(values);
  return new Uint8Array((dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values)).buffer);
}

function toProto({ name, op, inputs, attrs, constant }: Node): NodeProto {
  const attr = Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, protoAttr(value)]));
  if (constant) {
    const { dtype, shape } = constant;
    const tensorShape = { dim: shape.map((size) => ({ size })) };
    attr.value = { tensor: { dtype: TYPE_CODES[TYPE_NAMES[dtype]]!, tensorShape, tensorContent: bytesOf(constant) } };
  }
  return { name, op, input: inputs, attr };
}

function protoAttr(value: Attr): AttrProto {
  if (typeof value === 'number') return { i: value };
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'string') return { s: Buffer.from(value) };
  if (!Array.isArray(value)) {
    if ('type' in value) return { type: TYPE_CODES[value.type]! };
    if ('float' in value) return { f: value.float };
    return { shape: { dim: value.dims.map((size) => ({ size })) } };
  }
  return { list: value.every((v) => typeof v === 'number') ? { i: value } : { s: value.map((v) => Buffer.from(v)) } };
}

function toJson({ name, op, inputs, attrs }: Node): { name: string; op: string } {
  const attr = Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, jsonAttr(value)]));
  return { name, op, input: inputs, attr } as { name: string; op: string };
}

function jsonAttr(value: Attr): object {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  if (typeof value === 'number') return { i: String(value) };
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'string') return { s: base64(value) };
  if (!Array.isArray(value)) {
    if ('type' in value) return { type: value.type };
    if ('float' in value) return { f: value.float };
    return { shape: { dim: value.dims.map((size) => ({ size: String(size) })) } };
  }
  return {
    list: value.every((v) => typeof v === 'number') ? { i: value.map(String) } : { s: value.map((v) => base64(v)) },
  };
}
