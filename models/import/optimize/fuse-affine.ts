import { type Net, type NetNode, readersOf } from '../net.ts';
import { makeTensor, type Tensor } from '../tensor/tensor.ts';

/**
 * Folds a scale or an offset per channel behind a convolution into its weights and bias: what batch norm and BiasAdd
 * have become. y = s * (w x + b) + t is (s w) x + (s b + t).
 */
export function fuseAffine(net: Net): Net {
  const readers = readersOf(net);
  const exposed = new Set(net.outputs.map((output) => output.name));
  const gone = new Set<NetNode>();
  const constants = new Map(net.constants);
  const nodes = net.nodes.map((node) => {
    if (node.op !== 'Conv' && node.op !== 'ConvTranspose') return node;
    let fused: Fused | undefined = open(node, constants);
    for (let output = node.outputs[0]!; fused; ) {
      const next = readers.get(output) ?? [];
      const reader = next[0];
      if (next.length !== 1 || exposed.has(output) || !reader) break;
      const step: Fused | undefined = absorb(fused, reader, output, constants);
      if (!step) break;
      fused = step;
      gone.add(reader);
      output = reader.outputs[0]!;
    }
    return fused?.output === undefined ? node : close(node, fused, constants);
  });
  return { ...net, nodes: nodes.filter((node) => !gone.has(node)), constants };
}

interface Fused {
  channels: number;
  weights: Tensor;
  scale: Float64Array;
  offset: Float64Array;
  output: string | undefined;
}

function open(node: NetNode, constants: Map<string, Tensor>): Fused | undefined {
  const weights = constants.get(node.inputs[1]!);
  if (!weights || (node.op === 'ConvTranspose' && node.attrs.group !== undefined)) return undefined;
  const channels = weights.shape[node.op === 'Conv' ? 0 : 1]!;
  const bias = node.inputs[2] ? constants.get(node.inputs[2]) : undefined;
  if (node.inputs[2] && !bias) return undefined;
  const offset = Float64Array.from(bias?.data ?? new Float64Array(channels));
  return { channels, weights, scale: new Float64Array(channels).fill(1), offset, output: undefined };
}

function absorb(fused: Fused, reader: NetNode, value: string, constants: Map<string, Tensor>): Fused | undefined {
  const [a, b] = reader.inputs as [string, string];
  if (reader.inputs.length !== 2 || (a === value && b === value)) return undefined;
  const factor = perChannel(constants.get(a === value ? b : a), fused.channels);
  const f = factor && combine(reader.op, a === value);
  if (!f) return undefined;
  const pairs = Array.from(factor, (c, i) => f(fused.scale[i]!, fused.offset[i]!, c));
  return {
    ...fused,
    scale: Float64Array.from(pairs, (p) => p[0]),
    offset: Float64Array.from(pairs, (p) => p[1]),
    output: reader.outputs[0]!,
  };
}

/** How an operation with a constant changes scale and offset. */
function combine(op: string, first: boolean): ((s: number, t: number, c: number) => [number, number]) | undefined {
  switch (op) {
    case 'Add':
      return (s, t, c) => [s, t + c];
    case 'Mul':
      return (s, t, c) => [s * c, t * c];
    case 'Sub':
      return first ? (s, t, c) => [s, t - c] : (s, t, c) => [-s, c - t];
    case 'Div':
      return first ? (s, t, c) => [s / c, t / c] : undefined;
    default:
      return undefined;
  }
}

/** One number per channel of a channels-first value, if the constant says no more than that. */
function perChannel(tensor: Tensor | undefined, channels: number): Float64Array | undefined {
  if (tensor?.dtype !== 'float32') return undefined;
  if (tensor.data.length === 1 && tensor.shape.length <= 4) return new Float64Array(channels).fill(tensor.data[0]!);
  const { shape } = tensor;
  const fits = shape.length === 4 && shape[1] === channels && tensor.data.length === channels;
  return fits ? Float64Array.from(tensor.data) : undefined;
}

function close(node: NetNode, fused: Fused, constants: Map<string, Tensor>): NetNode {
  const { weights, scale, channels } = fused;
  const name = `${node.name}/weights`;
  const bias = `${node.name}/bias`;
  const inner = weights.data.length / weights.shape[0]! / (node.op === 'Conv' ? 1 : channels);
  // Scales of 1 are what a lone bias leaves: nothing to do then, and weights may be large.
  const scaled = scale.some((s) => s !== 1);
  const data = scaled ? Float32Array.from(weights.data) : weights.data;
  if (scaled) {
    for (let at = 0, row = 0; at < data.length; at += inner, row++) {
      const s = scale[row % channels]!;
      for (let i = at; i < at + inner; i++) data[i]! *= s;
    }
  }
  constants.set(name, { ...weights, data });
  constants.set(bias, makeTensor('float32', [channels], fused.offset));
  return { ...node, inputs: [node.inputs[0]!, name, bias], outputs: [fused.output!] };
}
