import { intsOf, type Net, type NetNode, producersOf, readersOf } from '../net.ts';
import { slice } from '../tensor/rearrange.ts';
import { makeTensor, type Tensor } from '../tensor/tensor.ts';

/** Operations on each channel alone, whose only picture is their first input. */
const PER_CHANNEL = new Set([
  'Sigmoid',
  'Tanh',
  'Relu',
  'Clip',
  'HardSigmoid',
  'LeakyRelu',
  'Elu',
  'Abs',
  'Sqrt',
  'Exp',
]);
const BINARY = new Set(['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max']);

/**
 * If only one part of a Split is used, computes that part alone: the range of channels is propagated back through
 * elementwise operations, resizes and convolutions, whose weights are cut. This pays off in networks reduced to one
 * output or with a fixed recurrent state.
 */
export function narrowSplits(net: Net): Net {
  const narrowing = new Narrowing(net);
  const nodes = net.nodes.flatMap((node) => {
    const before = narrowing.fresh.length;
    const name = narrowing.replaceSplit(node);
    if (name === undefined) return [node];
    const { output } = name;
    return [
      ...narrowing.fresh.slice(before),
      { op: 'Identity', name: `${node.name}/part`, inputs: [name.input], outputs: [output], attrs: {} },
    ];
  });
  return { ...net, nodes, constants: narrowing.constants };
}

interface Range {
  start: number;
  count: number;
}

class Narrowing {
  readonly fresh: NetNode[] = [];
  readonly constants: Map<string, Tensor>;
  readonly #producers: Map<string, NetNode>;
  readonly #readers: Map<string, NetNode[]>;
  readonly #outputs: Set<string>;

  constructor(private readonly net: Net) {
    this.constants = new Map(net.constants);
    this.#producers = producersOf(net);
    this.#readers = readersOf(net);
    this.#outputs = new Set(net.outputs.map((output) => output.name));
  }

  replaceSplit(node: NetNode): { input: string; output: string } | undefined {
    if (node.op !== 'Split' || node.attrs.axis !== 1) return undefined;
    const used = node.outputs.filter((name) => this.#outputs.has(name) || this.#readers.has(name));
    const sizes = this.constants.get(node.inputs[1]!)?.data;
    const [input] = node.inputs as [string];
    if (used.length !== 1 || !sizes || !this.#canNarrow(input)) return undefined;
    const at = node.outputs.indexOf(used[0]!);
    const start = Array.from(sizes.slice(0, at)).reduce((sum, n) => sum + n, 0);
    return { input: this.#narrow(input, { start, count: sizes[at]! }), output: used[0]! };
  }

  /** Whether making a narrow copy makes the wide one superfluous. */
  #canNarrow(name: string): boolean {
    const node = this.#producers.get(name);
    if (!node || this.#outputs.has(name) || this.#readers.get(name)?.length !== 1) return false;
    if (PER_CHANNEL.has(node.op)) return true;
    if (node.op === 'Resize') return this.constants.has(node.inputs[3]!);
    if (node.op === 'Conv') return node.attrs.group === 1 && this.constants.has(node.inputs[1]!);
    return BINARY.has(node.op) && node.inputs.every((input) => this.#channelsOf(input) !== undefined);
  }

  #narrow(name: string, range: Range): string {
    const tensor = this.constants.get(name);
    if (tensor) return this.#narrowConstant(name, tensor, range);
    const node = this.#producers.get(name);
    if (!node || !this.#canNarrow(name)) return this.#cut(name, range);
    const inputs = [...node.inputs];
    if (node.op === 'Conv') {
      inputs[1] = this.#cutRows(inputs[1]!, range);
      if (inputs[2]) inputs[2] = this.#cutRows(inputs[2], range);
    } else if (BINARY.has(node.op)) {
      return this.#emit(
        node,
        inputs.map((input) => (this.#channelsOf(input) === 1 ? input : this.#narrow(input, range))),
      );
    } else {
      inputs[0] = this.#narrow(inputs[0]!, range);
      if (node.op === 'Resize') inputs[3] = this.#resized(inputs[3]!, range);
    }
    return this.#emit(node, inputs);
  }

  #emit(node: NetNode, inputs: string[]): string {
    const name = `${node.name}/narrow`;
    this.fresh.push({ ...node, name, inputs, outputs: [name] });
    return name;
  }

  /** Channels `range` of a value that stays wide, or that consists of parts laid side by side. */
  #cut(name: string, { start, count }: Range): string {
    const cut = `${name}/channels_${start}_${count}`;
    if (this.fresh.some((node) => node.name === cut)) return cut;
    const add = (key: string, value: number) => {
      this.constants.set(`${cut}/${key}`, makeTensor('int64', [1], [value]));
      return `${cut}/${key}`;
    };
    const inputs = [name, add('start', start), add('end', start + count), add('axis', 1)];
    this.fresh.push({ op: 'Slice', name: cut, inputs, outputs: [cut], attrs: {} });
    return cut;
  }

  #narrowConstant(name: string, tensor: Tensor, { start, count }: Range): string {
    if (tensor.shape.length < 4 || tensor.shape[1] === 1) return name;
    const shape = tensor.shape.map((n, d) => (d === 1 ? count : n));
    return this.#store(name, slice(tensor, [0, start, 0, 0], [1, 1, 1, 1], shape));
  }

  #cutRows(name: string, { start, count }: Range): string {
    const tensor = this.constants.get(name)!;
    const begin = tensor.shape.map((_, d) => (d === 0 ? start : 0));
    const shape = tensor.shape.map((n, d) => (d === 0 ? count : n));
    return this.#store(
      name,
      slice(
        tensor,
        begin,
        shape.map(() => 1),
        shape,
      ),
    );
  }

  #resized(name: string, { count }: Range): string {
    const sizes = [...this.constants.get(name)!.data];
    sizes[1] = count;
    return this.#store(`${name}_of_${count}`, makeTensor('int64', [4], sizes));
  }

  #store(name: string, tensor: Tensor): string {
    let key = `${name}/narrow`;
    while (this.constants.has(key)) key += '_';
    this.constants.set(key, tensor);
    return key;
  }

  /** How many channels a value has, as far as its producers say; a constant of lower rank counts as one. */
  #channelsOf(name: string): number | undefined {
    const tensor = this.constants.get(name);
    if (tensor) return tensor.shape.length < 4 ? (tensor.data.length === 1 ? 1 : undefined) : tensor.shape[1]!;
    const port = this.net.inputs.find((input) => input.name === name);
    if (port) return typeof port.shape[1] === 'number' && port.shape.length === 4 ? port.shape[1] : undefined;
    const node = this.#producers.get(name);
    if (!node) return undefined;
    if (node.op === 'Conv') return this.constants.get(node.inputs[1]!)?.shape[0];
    if (PER_CHANNEL.has(node.op) || node.op === 'Resize') return this.#channelsOf(node.inputs[0]!);
    if (node.op === 'ReduceMean') return intsOf(node.attrs.axes).join() === '1' ? 1 : undefined;
    if (node.op === 'Split' && node.attrs.axis === 1) {
      return this.constants.get(node.inputs[1]!)?.data[node.outputs.indexOf(name)];
    }
    const parts = node.inputs.map((input) => this.#channelsOf(input));
    if (!parts.every((n) => n !== undefined)) return undefined;
    if (node.op === 'Concat' && node.attrs.axis === 1) return parts.reduce((sum, n) => sum + n, 0);
    return BINARY.has(node.op) ? Math.max(...parts) : undefined;
  }
}
