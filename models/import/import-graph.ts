import { encodeNet } from './encode.ts';
import { lowerGraph } from './lower/lower-graph.ts';
import { optimize } from './optimize/optimize.ts';
import type { ImportedGraph, ImportOptions } from './options.ts';
import type { TfGraph } from './tf/graph.ts';
import { readGraphDef } from './tf/graph-def.ts';
import { readTfjsModel } from './tfjs/model-json.ts';

export { GraphFormatError, UnsupportedOpError } from './errors.ts';
export type { ImportedGraph, ImportOptions, Port } from './options.ts';

/**
 * Turns a TensorFlow.js graph model into ONNX. `weights` holds the shards that `model.json` lists, one after another.
 * The same model and options always give the same bytes.
 * @throws {UnsupportedOpError} when an operation has no ONNX form here; it names the operation and the node.
 */
export function importTfjsModel(modelJson: object, weights: Uint8Array, options: ImportOptions = {}): ImportedGraph {
  return importGraph(readTfjsModel(modelJson, weights), options);
}

/**
 * Turns a frozen TensorFlow graph (a binary GraphDef, `.pb`) into ONNX.
 * @throws {UnsupportedOpError} when an operation has no ONNX form here; it names the operation and the node.
 */
export function importGraphDef(bytes: Uint8Array, options: ImportOptions = {}): ImportedGraph {
  return importGraph(readGraphDef(bytes), options);
}

/** What a frozen graph offers, to choose outputs from: its inputs, the values nothing reads, and its operations. */
export function inspectGraphDef(bytes: Uint8Array): {
  inputs: string[];
  outputs: string[];
  ops: Record<string, number>;
} {
  const { nodes, inputs, outputs } = readGraphDef(bytes);
  const ops: Record<string, number> = {};
  for (const { op } of nodes.values()) ops[op] = (ops[op] ?? 0) + 1;
  return { inputs: inputs.map((input) => input.name), outputs: outputs.map((output) => output.name), ops };
}

function importGraph(graph: TfGraph, options: ImportOptions): ImportedGraph {
  const { net, inputs, outputs, notes } = lowerGraph(graph, options);
  const tidy = optimize(net);
  const ops: Record<string, number> = {};
  for (const { op } of tidy.nodes) ops[op] = (ops[op] ?? 0) + 1;
  return { onnx: encodeNet(tidy), inputs, outputs, ops, notes };
}
