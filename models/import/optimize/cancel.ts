import { intsOf, type Net, type NetNode, producersOf } from '../net.ts';

/** Removes nodes that change nothing, and joins two reshapes or two transposes in a row. */
export function cancel(net: Net): Net {
  const renamed = new Map<string, string>();
  const outputs = new Set(net.outputs.map((output) => output.name));
  const producers = producersOf(net);
  const nodes = net.nodes.flatMap((node) => {
    const inputs = node.inputs.map((input) => renamed.get(input) ?? input);
    const current = join({ ...node, inputs }, producers);
    const [output] = current.outputs;
    const idle =
      current.op === 'Identity' || (current.op === 'Transpose' && intsOf(current.attrs.perm).every((a, d) => a === d));
    if (idle && !outputs.has(output!)) {
      renamed.set(output!, current.inputs[0]!);
      return [];
    }
    producers.set(output!, current);
    return [current];
  });
  return nameOutputs({ ...net, nodes });
}

function join(node: NetNode, producers: Map<string, NetNode>): NetNode {
  const before = producers.get(node.inputs[0] ?? '');
  if (!before || before.op !== node.op) return node;
  // A 0 in the second shape would copy a dimension of the first; the importer never writes one.
  if (node.op === 'Reshape') return { ...node, inputs: [before.inputs[0]!, node.inputs[1]!] };
  if (node.op !== 'Transpose') return node;
  const first = intsOf(before.attrs.perm);
  const perm = intsOf(node.attrs.perm).map((axis) => first[axis]!);
  return { ...node, inputs: [before.inputs[0]!], attrs: { perm } };
}

/** An Identity that only names an output goes away where its producer can carry the name itself. */
function nameOutputs(net: Net): Net {
  const producers = producersOf(net);
  const outputs = new Set(net.outputs.map((output) => output.name));
  const renamed = new Map<string, string>();
  const gone = new Set<NetNode>();
  for (const node of net.nodes) {
    const source = node.inputs[0]!;
    const named = node.op === 'Identity' && outputs.has(node.outputs[0]!);
    if (!named || !producers.has(source) || outputs.has(source) || renamed.has(source)) continue;
    renamed.set(source, node.outputs[0]!);
    gone.add(node);
  }
  const rename = (name: string) => renamed.get(name) ?? name;
  const nodes = net.nodes
    .filter((node) => !gone.has(node))
    .map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
  return { ...net, nodes };
}
