import { DataType, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValueInfo } from './onnx-schema.ts';

/** Names of what is added; no exporter writes such ones. */
const PREFIX = 'hairline/free-grid/';

/**
 * Lets a graph that was exported for a square of `side` pixels run on other grids. Sizes that it carries (as the last two of
 * a Resize node's `sizes`) become so many parts of the grid, rounded up as pooling with `ceil_mode` does: on `side` x `side`
 * nothing changes.
 * @throws {Error} when the graph has no such input, or a Resize node takes its size from elsewhere.
 */
export function freeGrid(model: OnnxModel, inputName: string, side: number): OnnxModel {
  const { graph } = model;
  const input = graph.input.find(({ name }) => name === inputName);
  if (!input) throw new Error(`The graph has no input named "${inputName}".`);
  const producers = new Map(graph.node.flatMap((node) => node.output.map((o) => [o, node] as const)));
  const sizes = new Map<string, readonly [height: number, width: number]>();
  for (const node of graph.node) {
    if (node.opType !== 'Resize') continue;
    const concat = producers.get(node.input[3] ?? '');
    const tail = concat?.opType === 'Concat' ? concat.input.at(-1) : undefined;
    const values = tail === undefined ? undefined : readInt64(graph.initializer, producers.get(tail), tail);
    if (!tail || values?.length !== 2) throw new Error(`The size of "${node.name}" is not a constant.`);
    sizes.set(tail, [values[0]!, values[1]!]);
  }
  const constants = new Map<string, OnnxTensor>();
  const constant = (...values: number[]) => {
    const name = `${PREFIX}${values.join('x')}`;
    constants.set(name, {
      name,
      dims: [values.length],
      dataType: DataType.INT64,
      rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    });
    return name;
  };
  const node = (opType: string, inputs: string[], output: string): OnnxNode => ({
    opType,
    input: inputs,
    output: [output],
    attribute: [],
  });
  const [shape, grid] = [`${PREFIX}shape`, `${PREFIX}grid`];
  const added = [
    node('Shape', [inputName], shape),
    node('Slice', [shape, constant(2), constant(4), constant(0)], grid),
  ];
  for (const [name, size] of sizes) {
    const [times, plus] = [`${PREFIX}${name}/times`, `${PREFIX}${name}/plus`];
    added.push(node('Mul', [grid, constant(...size)], times));
    added.push(node('Add', [times, constant(side - 1, side - 1)], plus));
    added.push(node('Div', [plus, constant(side, side)], `${PREFIX}${name}`));
  }
  const replace = (name: string) => (sizes.has(name) ? `${PREFIX}${name}` : name);
  return {
    ...model,
    graph: {
      ...graph,
      node: [
        ...added,
        ...graph.node.map((old) => (old.opType === 'Concat' ? { ...old, input: old.input.map(replace) } : old)),
      ],
      initializer: [...graph.initializer, ...constants.values()],
      input: graph.input.map((value) => (value === input ? openSides(value) : value)),
      output: graph.output.map(openSides),
      // Sizes recorded for inner values would contradict those of other grids.
      valueInfo: [],
    },
  };
}

function openSides(value: OnnxValueInfo): OnnxValueInfo {
  const tensorType = value.type?.tensorType;
  const dim = tensorType?.shape?.dim;
  if (dim?.length !== 4) return value;
  const open = [dim[0]!, dim[1]!, { dimParam: 'height' }, { dimParam: 'width' }];
  return { ...value, type: { tensorType: { ...tensorType, shape: { dim: open } } } };
}

function readInt64(initializers: readonly OnnxTensor[], maker: OnnxNode | undefined, name: string) {
  const value = maker?.opType === 'Constant' ? maker.attribute.find((a) => a.name === 'value')?.t : undefined;
  const tensor = value ?? initializers.find((t) => t.name === name);
  if (tensor?.dataType !== DataType.INT64) return undefined;
  if (!tensor.rawData?.length) return tensor.int64Data?.map(Number);
  // Copied: a view of a file may begin at an odd address.
  return [...new BigInt64Array(Uint8Array.from(tensor.rawData).buffer)].map(Number);
}
