import {
  AttributeType,
  DataType,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxValueInfo,
} from './onnx-schema.ts';
import { keepOutputs } from './onnx-surgery.ts';

/** The one input and the one output that a matting graph should have: float pictures in, float alpha out. */
export interface MattingInterface {
  input: { name: string; shape: readonly number[] };
  output: { name: string; width: number; height: number; candidates?: readonly string[] };
}

/** The graph takes or gives something else than what is wanted. The message is for the person who chose the file. */
export class InterfaceError extends Error {}

type Dims = (number | undefined)[];

/**
 * Rewrites a graph to a standard interface: names the input and the output, fixes open sizes, drops other outputs, adds
 * a batch of one, extracts alpha from RGBA and converts integers to floats.
 * @throws {InterfaceError} when that is not possible.
 */
export function fitInterface(model: OnnxModel, { input, output }: MattingInterface): OnnxModel {
  const source = theInput(model.graph, input.name);
  const target = theOutput(model.graph, output);
  const pruned = model.graph.output.length > 1 ? keepOutputs(model, [target.name]) : model;
  const taken = [input.name, output.name];
  const ends = new GraphEnds(renameValues(pruned.graph, taken));
  ends.openInput(source, inner(source.name, taken), input);
  ends.closeOutput(target, inner(target.name, taken), output);
  // What was known of inner shapes may contradict the fixed sizes; ONNX Runtime infers them again.
  return { ...pruned, graph: { ...ends.graph, valueInfo: [] } };
}

/** Adds nodes in front of a graph's input and behind its output. */
class GraphEnds {
  readonly graph: OnnxGraph;

  constructor(graph: OnnxGraph) {
    this.graph = { ...graph, node: [...graph.node], initializer: [...graph.initializer] };
  }

  openInput(found: OnnxValueInfo, value: string, { name, shape }: MattingInterface['input']): void {
    if (found.type?.tensorType?.elemType !== DataType.FLOAT) {
      throw new InterfaceError(`its input "${found.name}" does not take 32-bit floats`);
    }
    const dims = dimsOf(found);
    const batched = dims?.length === shape.length + 1 && (dims[0] ?? 1) === 1;
    const wanted = batched ? [1, ...shape] : [...shape];
    if (dims && !(dims.length === wanted.length && dims.every((dim, i) => (dim ?? wanted[i]) === wanted[i]))) {
      throw new InterfaceError(`its input "${found.name}" is ${show(dims)}, and ${show(shape)} is needed`);
    }
    this.graph.node.unshift(node('Reshape', [name, this.#ints('hairline/shape', wanted)], value));
    this.graph.input = [valueInfo(name, shape), ...this.graph.input.filter((i) => i.name !== value)];
  }

  closeOutput(found: OnnxValueInfo, value: string, { name, width, height }: MattingInterface['output']): void {
    const dims = dimsOf(found);
    const rgba = dims !== undefined && dims.length >= 3 && dims.at(-1) === 4;
    const plane = dims?.slice(0, rgba ? -1 : undefined).filter((dim) => dim !== 1);
    if (plane && !fitsOpen(plane, [height, width])) {
      throw new InterfaceError(`its output "${found.name}" is ${show(dims ?? [])}, not ${height} x ${width}`);
    }
    let alpha = value;
    if (rgba) {
      const [start, end, axis] = [this.#ints('hairline/3', [3]), this.#ints('hairline/4', [4]), dims.length - 1];
      alpha = 'hairline/alpha';
      this.graph.node.push(node('Slice', [value, start, end, this.#ints('hairline/axis', [axis])], alpha));
    }
    const to = { name: 'to', type: AttributeType.INT, i: DataType.FLOAT };
    this.graph.node.push({ ...node('Cast', [alpha], 'hairline/float'), attribute: [to] });
    this.graph.node.push(node('Reshape', ['hairline/float', this.#ints('hairline/plane', [height, width])], name));
    this.graph.output = [valueInfo(name, [height, width])];
  }

  #ints(name: string, values: readonly number[]): string {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.graph.initializer.push({ name, dims: [values.length], dataType: DataType.INT64, rawData });
    return name;
  }
}

function node(opType: string, input: string[], output: string): OnnxNode {
  return { opType, input, output: [output], attribute: [] };
}

function theInput(graph: OnnxGraph, name: string): OnnxValueInfo {
  const weights = new Set(graph.initializer.map((tensor) => tensor.name));
  const inputs = graph.input.filter((value) => !weights.has(value.name));
  if (inputs.length === 1) return inputs[0]!;
  throw new InterfaceError(`it takes ${inputs.length} inputs (${names(inputs)}) instead of one picture "${name}"`);
}

function theOutput({ output }: OnnxGraph, { name, candidates = [] }: MattingInterface['output']): OnnxValueInfo {
  for (const candidate of [name, ...candidates]) {
    const found = output.find((value) => value.name === candidate);
    if (found) return found;
  }
  if (output.length === 1) return output[0]!;
  throw new InterfaceError(`none of its outputs (${names(output)}) is known to be the alpha`);
}

/** What a value is called once the names `taken` belong to the graph's new ends. */
const inner = (name: string, taken: readonly string[]) => (taken.includes(name) ? `inner/${name}` : name);

function renameValues(graph: OnnxGraph, taken: readonly string[]): OnnxGraph {
  const rename = (name: string) => inner(name, taken);
  return {
    ...graph,
    node: graph.node.map((n) => ({ ...n, input: n.input.map(rename), output: n.output.map(rename) })),
    initializer: graph.initializer.map((tensor) => ({ ...tensor, name: rename(tensor.name ?? '') })),
    input: graph.input.map((value) => ({ ...value, name: rename(value.name) })),
  };
}

function dimsOf(value: OnnxValueInfo): Dims | undefined {
  return value.type?.tensorType?.shape?.dim.map(({ dimValue }) => {
    const size = dimValue === undefined ? 0 : Number(dimValue);
    return size > 0 ? size : undefined;
  });
}

/** Whether dimensions, some of them open, can be `wanted`. */
function fitsOpen(dims: Dims, wanted: readonly number[]): boolean {
  const open = dims.filter((dim) => dim === undefined).length;
  if (open === 0) return dims.length === wanted.length && dims.every((dim, i) => dim === wanted[i]);
  // An open dimension may also be a batch or a channel of one.
  return dims.every((dim) => dim === undefined || wanted.includes(dim));
}

function valueInfo(name: string, shape: readonly number[]): OnnxValueInfo {
  return {
    name,
    type: { tensorType: { elemType: DataType.FLOAT, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
  };
}

const names = (values: readonly OnnxValueInfo[]) => values.map(({ name }) => name).join(', ') || 'none';
const show = (dims: readonly (number | undefined)[]) => dims.map((dim) => dim ?? '?').join(' x ');
