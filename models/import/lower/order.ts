import { GraphFormatError } from '../errors.ts';
import type { Dim, DType } from '../tensor/tensor.ts';
import { type TfGraph, type TfNode, typeAttr } from '../tf/graph.ts';

/**
 * The nodes that the outputs need, inputs before readers. Works without recursion, for graphs are deep. A loop's back
 * edge is skipped: the loop's own operations are what the importer will then report.
 */
export function sortNodes(graph: TfGraph, outputs: readonly string[]): TfNode[] {
  const order: TfNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const stack = [...outputs].reverse().map((name) => ({ name, reader: '' }));
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const { name, reader } = top;
    const node = graph.nodes.get(name);
    if (!node) {
      throw new GraphFormatError(
        reader ? `The node "${reader}" reads "${name}", which does not exist.` : `The graph has no node "${name}".`,
      );
    }
    if (state.has(name)) {
      if (state.get(name) === 'open') order.push(node);
      state.set(name, 'done');
      stack.pop();
      continue;
    }
    state.set(name, 'open');
    const needs = [...node.inputs.map((input) => input.node), ...node.controls.filter((c) => isPivot(graph, c))];
    for (const need of needs.reverse()) if (!state.has(need)) stack.push({ name: need, reader: name });
  }
  return order;
}

/** A control input only matters when it says which branch of a condition a node is in. */
function isPivot(graph: TfGraph, name: string): boolean {
  const node = graph.nodes.get(name);
  const source = node?.op === 'Identity' ? graph.nodes.get(node.inputs[0]?.node ?? '') : undefined;
  return source?.op === 'Switch';
}

export function placeholderType(node: TfNode): DType {
  return typeAttr(node, 'dtype') ?? 'float32';
}

const AXES = ['batch', 'height', 'width', 'channels'];

/** The shape a placeholder declares. An open batch becomes 1, since one picture is masked at a time. */
export function placeholderShape(node: TfNode, input: string, notes: string[]): Dim[] {
  const attr = node.attrs.shape;
  const shape = typeof attr === 'object' && !Array.isArray(attr) && 'shape' in attr ? attr.shape : null;
  if (!shape) throw new GraphFormatError(`The shape of input "${input}" is unknown: give it in the import options.`);
  const axes = shape.length === 4 ? AXES : shape.length === 3 ? AXES.slice(1) : [];
  return shape.map((n, d) => {
    if (n >= 0) return n;
    const name = axes[d] ?? `dim${d}`;
    if (d === 0 && shape.length !== 3) {
      notes.push(`Input "${input}": the open batch size is fixed at 1.`);
      return 1;
    }
    notes.push(`Input "${input}": ${name} stays open.`);
    return `${input}_${name}`;
  });
}
