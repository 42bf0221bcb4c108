import { intsOf, type Net, type NetNode, producersOf } from '../net.ts';

/** Moves a zero padding in front of a convolution into the convolution's own, with which it adds up. */
export function fusePad(net: Net): Net {
  const producers = producersOf(net);
  const nodes = net.nodes.map((node) => {
    const pad = producers.get(node.inputs[0] ?? '');
    if (node.op !== 'Conv' || pad?.op !== 'Pad' || pad.attrs.mode !== 'constant' || !node.attrs.pads) return node;
    const outer = paddingOf(net, pad);
    if (!outer) return node;
    const pads = intsOf(node.attrs.pads).map((n, i) => n + outer[i]!);
    return { ...node, inputs: [pad.inputs[0]!, ...node.inputs.slice(1)], attrs: { ...node.attrs, pads } };
  });
  return { ...net, nodes };
}

/** The spatial part of a padding that is zero-valued, adds rather than cuts, and leaves batch and channels alone. */
function paddingOf(net: Net, pad: NetNode): number[] | undefined {
  const pads = net.constants.get(pad.inputs[1]!)?.data;
  const fill = pad.inputs[2] ? net.constants.get(pad.inputs[2])?.data[0] : 0;
  if (pads?.length !== 8 || fill !== 0) return undefined;
  const [n0, c0, top, left, n1, c1, bottom, right] = pads as unknown as number[];
  if (n0 || c0 || n1 || c1) return undefined;
  const spatial = [top!, left!, bottom!, right!];
  return spatial.every((n) => n >= 0) ? spatial : undefined;
}
