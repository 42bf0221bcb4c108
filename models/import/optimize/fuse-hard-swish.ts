import { type Net, type NetNode, producersOf } from '../net.ts';

/**
 * Recognizes x * relu6(x + 3) / 6 in the orders that exporters write it, and writes it as x * HardSigmoid(x), which
 * ONNX Runtime has kernels for on CPU, CUDA and DirectML, and which it fuses into a convolution on the CPU.
 */
export function fuseHardSwish(net: Net): Net {
  const producers = producersOf(net);
  const nodes = net.nodes.flatMap((node) => {
    if (node.op !== 'Mul' && node.op !== 'Div') return [node];
    const swish = matchSwish(net, producers, node);
    if (swish) {
      const gate = `${node.name}/gate`;
      return [hardSigmoid(gate, swish, gate), { ...node, op: 'Mul', inputs: [swish, gate] }];
    }
    const gated = matchGate(net, producers, node);
    return [gated ? hardSigmoid(node.name, gated, node.outputs[0]!) : node];
  });
  return { ...net, nodes };
}

function hardSigmoid(name: string, input: string, output: string): NetNode {
  return {
    op: 'HardSigmoid',
    name,
    inputs: [input],
    outputs: [output],
    attrs: { alpha: { float: 1 / 6 }, beta: { float: 0.5 } },
  };
}

/** The x of a product that is a whole hard swish: its factors are x, relu6(x + 3) and 1/6, in any grouping. */
function matchSwish(net: Net, producers: Map<string, NetNode>, node: NetNode): string | undefined {
  const { names, scale } = factorsOf(net, producers, node);
  if (names.length !== 2 || !isSixth(scale)) return undefined;
  const [a, b] = names as [string, string];
  if (shiftedRelu(net, producers, b) === a) return a;
  return shiftedRelu(net, producers, a) === b ? b : undefined;
}

/** The x of relu6(x + 3) / 6. */
function matchGate(net: Net, producers: Map<string, NetNode>, node: NetNode): string | undefined {
  const { names, scale } = scaled(net, node);
  return names.length === 1 && isSixth(scale) ? shiftedRelu(net, producers, names[0]!) : undefined;
}

function isSixth(scale: number): boolean {
  return Math.abs(scale * 6 - 1) < 1e-5;
}

interface Product {
  names: string[];
  scale: number;
}

/** A product of two values and a number, which one of two nested products holds. */
function factorsOf(net: Net, producers: Map<string, NetNode>, node: NetNode): Product {
  const own = scaled(net, node);
  for (const [i, name] of own.names.entries()) {
    const producer = producers.get(name);
    if (producer?.op !== 'Mul' && producer?.op !== 'Div') continue;
    const inner = scaled(net, producer);
    const names = [...own.names.slice(0, i), ...inner.names, ...own.names.slice(i + 1)];
    if (names.length === 2) return { names, scale: own.scale * inner.scale };
  }
  return own;
}

/** The values and the number that a Mul, or a Div by a number, multiplies. */
function scaled(net: Net, node: NetNode): Product {
  const [a, b] = node.inputs as [string, string];
  const [left, right] = [scalarOf(net, a), scalarOf(net, b)];
  if (right !== undefined) return { names: [a], scale: node.op === 'Div' ? 1 / right : right };
  if (node.op === 'Div') return { names: [node.outputs[0]!], scale: 1 };
  return left === undefined ? { names: [a, b], scale: 1 } : { names: [b], scale: left };
}

/** The x of Clip(x + 3, 0, 6). */
function shiftedRelu(net: Net, producers: Map<string, NetNode>, name: string): string | undefined {
  const clip = producers.get(name);
  if (clip?.op !== 'Clip' || scalarOf(net, clip.inputs[1]!) !== 0 || scalarOf(net, clip.inputs[2]!) !== 6)
    return undefined;
  const sum = producers.get(clip.inputs[0]!);
  if (sum?.op !== 'Add') return undefined;
  const at = sum.inputs.findIndex((input) => scalarOf(net, input) === 3);
  return at < 0 ? undefined : sum.inputs[1 - at];
}

function scalarOf(net: Net, name: string): number | undefined {
  const tensor = net.constants.get(name);
  return tensor?.data.length === 1 ? tensor.data[0] : undefined;
}
