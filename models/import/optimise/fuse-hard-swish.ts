import { type Net, type NetNode, producersOf } from '../net.ts';

/**
 * Recognises x * relu6(x + 3) / 6 in the orders that exporters write it, and writes it as x * HardSigmoid(x), which
 * every execution provider has and ONNX Runtime fuses into the convolution before it.
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
  const factors = flatten(net, producers, node, 2);
  if (factors.names.length !== 2 || Math.abs(factors.scale * 6 - 1) > 1e-5) return undefined;
  const [a, b] = factors.names as [string, string];
  if (shiftedRelu(net, producers, b) === a) return a;
  return shiftedRelu(net, producers, a) === b ? b : undefined;
}

/** The x of relu6(x + 3) / 6. */
function matchGate(net: Net, producers: Map<string, NetNode>, node: NetNode): string | undefined {
  const factors = flatten(net, producers, node, 1);
  if (factors.names.length !== 1 || Math.abs(factors.scale * 6 - 1) > 1e-5) return undefined;
  return shiftedRelu(net, producers, factors.names[0]!);
}

function flatten(
  net: Net,
  producers: Map<string, NetNode>,
  node: NetNode,
  depth: number,
): { names: string[]; scale: number } {
  const result = { names: [] as string[], scale: 1 };
  node.inputs.forEach((input, i) => {
    const number = scalarOf(net, input);
    if (number !== undefined) {
      result.scale *= node.op === 'Div' && i === 1 ? 1 / number : number;
      return;
    }
    const producer = producers.get(input);
    const product = producer?.op === 'Mul' || producer?.op === 'Div';
    const hasScale = producer?.inputs.some((name) => scalarOf(net, name) !== undefined);
    const inner =
      depth > 0 && product && (hasScale || depth > 1) ? flatten(net, producers, producer, depth - 1) : undefined;
    if (
      inner &&
      inner.names.length + result.names.length <= 2 &&
      i + 1 >= result.names.length &&
      (hasScale || node.inputs.some((n) => scalarOf(net, n) !== undefined))
    ) {
      result.names.push(...inner.names);
      result.scale *= inner.scale;
    } else {
      result.names.push(input);
    }
  });
  return result;
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
