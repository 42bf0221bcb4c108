import { UnsupportedOpError } from '../errors.ts';
import type { Net } from '../net.ts';

/** Drops nodes and constants that no output needs. */
export function dropDead(net: Net): Net {
  const needed = new Set(net.outputs.map((output) => output.name));
  const nodes = [...net.nodes].reverse().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  return {
    ...net,
    nodes: nodes.reverse(),
    constants: new Map([...net.constants].filter(([name]) => needed.has(name))),
  };
}

/** A name that nothing makes is left where a rearrangement could only have been folded away, and was not. */
export function checkComplete(net: Net): void {
  const made = new Set([...net.inputs.map((i) => i.name), ...net.constants.keys(), '']);
  for (const node of net.nodes) {
    for (const input of node.inputs) {
      if (!made.has(input))
        throw new UnsupportedOpError('SpaceToBatchND', input.replace(/\.unfolded$/, ''), 'its size is not fixed');
    }
    for (const output of node.outputs) made.add(output);
  }
}
