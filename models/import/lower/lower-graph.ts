import { GraphFormatError, UnsupportedOpError } from '../errors.ts';
import type { Net, NetValue } from '../net.ts';
import type { ImportOptions, Layout, Port } from '../options.ts';
import { type AnyTensor, isSymbolic, type SymbolicTensor, sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { TfGraph, TfNode } from '../tf/graph.ts';
import { Builder } from './builder.ts';
import { foldNode } from './fold.ts';
import { placeholderShape, placeholderType, sortNodes } from './order.ts';
import { lowerings } from './registry.ts';
import { constant, isNchw, toNchw, type Value } from './value.ts';

export interface LoweredGraph {
  net: Net;
  inputs: Port[];
  outputs: Port[];
  notes: string[];
}

/** Walks the graph from its outputs back and writes every node it needs as ONNX, evaluating what is constant. */
export function lowerGraph(graph: TfGraph, options: ImportOptions): LoweredGraph {
  return new GraphLowering(graph, options).run();
}

class GraphLowering {
  readonly #builder = new Builder();
  readonly #values = new Map<string, Value[]>();
  readonly #inputs: Port[] = [];
  readonly #notes: string[] = [];

  readonly #graph: TfGraph;
  readonly #options: ImportOptions;

  constructor(graph: TfGraph, options: ImportOptions) {
    this.#graph = graph;
    this.#options = options;
  }

  run(): LoweredGraph {
    const wanted = selectOutputs(this.#graph, this.#options.outputs);
    this.#checkNames();
    for (const { name } of wanted) this.#builder.name(name);
    const order = sortNodes(
      this.#graph,
      wanted.map((output) => output.node),
    );
    for (const input of this.#graph.inputs) if (order.includes(this.#graph.nodes.get(input.node)!)) this.#place(input);
    for (const node of order) if (!this.#values.has(node.name)) this.#values.set(node.name, this.#lower(node));
    const outputs = wanted.map((output) => this.#expose(output));
    return { net: this.#builder.net, inputs: this.#inputs, outputs, notes: this.#notes };
  }

  #checkNames(): void {
    const known = new Set(this.#graph.inputs.flatMap((input) => [input.name, input.node]));
    for (const name of [...Object.keys(this.#options.inputs ?? {}), ...Object.keys(this.#options.constants ?? {})]) {
      if (!known.has(name)) throw new GraphFormatError(`The graph has no input named "${name}".`);
    }
  }

  #place({ name, node }: TfGraph['inputs'][number]): void {
    const placeholder = this.#graph.nodes.get(node)!;
    const dtype = placeholderType(placeholder);
    const fixed = this.#options.constants?.[name] ?? this.#options.constants?.[node];
    if (fixed) {
      this.#notes.push(`Input "${name}" is fixed at ${fixed.value} with the shape [${fixed.shape}].`);
      const data = new Float32Array(sizeOf(fixed.shape)).fill(fixed.value);
      this.#values.set(node, [constant({ dtype, shape: [...fixed.shape], data })]);
      return;
    }
    const given = this.#options.inputs?.[name] ?? this.#options.inputs?.[node];
    const shape = given?.shape ?? placeholderShape(placeholder, name, this.#notes);
    const nchw = this.#options.transposeInputs === true && shape.length === 4;
    const port = this.#builder.name(name);
    const outside = nchw ? toNchw(shape) : shape;
    this.#builder.net.inputs.push({ name: port, dtype, shape: outside });
    this.#inputs.push({ name: port, shape: outside, layout: layoutOf(nchw, shape.length), dtype });
    this.#values.set(node, [{ dtype, shape: [...shape], ...(nchw ? { nchw: port } : { plain: port }) }]);
  }

  #lower(node: TfNode): Value[] {
    if (node.op === 'Const') return [constant((node.attrs.value as { tensor: Tensor }).tensor)];
    if (node.op === 'NoOp') return [];
    const inputs = node.inputs.map(({ node: name, index }) => this.#valueOf(name, index, node));
    const off = { dtype: 'float32', shape: [], dead: true } as const;
    if (node.op !== 'Merge' && inputs.some((value) => value.dead))
      return new Array<Value>(8).fill({ ...off, shape: [] });
    if (node.controls.some((name) => this.#values.get(name)?.[0]?.dead)) return [{ ...off, shape: [] }];
    const folded = fold(node, inputs);
    if (folded?.every((tensor): tensor is Tensor => !isSymbolic(tensor))) return folded.map(constant);
    const lower = lowerings.get(node.op);
    if (!lower) throw new UnsupportedOpError(node.op, node.name);
    this.#builder.enter(node.name);
    const result = lower({ builder: this.#builder, node, inputs });
    const values = Array.isArray(result) ? result : [result];
    folded?.forEach((tensor, i) => {
      const value = values[i];
      if (value && !value.tensor) values[i] = { ...value, shape: tensor.shape, ...known(tensor) };
    });
    return values;
  }

  #valueOf(name: string, index: number, reader: TfNode): Value {
    const values = this.#values.get(name);
    const value = values?.[index] ?? values?.find((v, _, all) => v.dead && all.length === 1);
    if (value) return value;
    const node = this.#graph.nodes.get(name);
    if (!node) throw new GraphFormatError(`The node "${reader.name}" reads "${name}", which does not exist.`);
    throw new UnsupportedOpError(node.op, node.name, `its output ${index} is read by "${reader.name}"`);
  }

  /** Gives a value the name its output has to have. Something produced under another name gets an Identity. */
  #expose({ name, node, index }: TfGraph['outputs'][number]): Port {
    const value = this.#values.get(node)?.[index];
    if (!value || value.dead) throw new GraphFormatError(`The output "${name}" has no value.`);
    const nchw = this.#options.transposeInputs === true && isNchw(value);
    this.#builder.enter(name);
    const inner = nchw ? this.#builder.nchw(value) : this.#builder.plain(value);
    this.#builder.net.nodes.push({
      op: 'Identity',
      name: `${name}/output`,
      inputs: [inner],
      outputs: [name],
      attrs: {},
    });
    const shape = nchw ? toNchw(value.shape) : value.shape;
    const output: NetValue = { name, dtype: value.dtype, shape };
    this.#builder.net.outputs.push(output);
    return { name, shape, layout: layoutOf(nchw, shape.length), dtype: value.dtype };
  }
}

function known(tensor: AnyTensor): { symbolic?: SymbolicTensor; tensor?: Tensor } {
  return isSymbolic(tensor) ? { symbolic: tensor } : { tensor };
}

function fold(node: TfNode, inputs: readonly Value[]): AnyTensor[] | undefined {
  const operands = inputs.map((value) => value.tensor ?? value.symbolic);
  if (!operands.length || !operands.every((tensor): tensor is AnyTensor => tensor !== undefined)) return undefined;
  return foldNode(node, operands);
}

function selectOutputs(graph: TfGraph, names: readonly string[] | undefined): TfGraph['outputs'] {
  if (!names) return graph.outputs;
  return names.map((name) => {
    const output = graph.outputs.find((o) => o.name === name);
    if (output) return output;
    if (!graph.nodes.has(name)) throw new GraphFormatError(`The graph has no output named "${name}".`);
    return { name, node: name, index: 0 };
  });
}

function layoutOf(nchw: boolean, rank: number): Layout {
  return nchw ? 'NCHW' : rank === 4 ? 'NHWC' : 'plain';
}
