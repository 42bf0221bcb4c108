import { createRequire } from 'node:module';
import path from 'node:path';
import sharp from 'sharp';
import { type ImportedGraph, type ImportOptions, importTfjsModel } from '../../models/import/import-graph.ts';
import { rvmOptions } from '../../models/import/presets.ts';
import type { GraphModel } from './human-models.ts';
import { compareRuns, runImported } from './onnx-runner.ts';
import { type Plane, runTfjs } from './tfjs-referee.ts';

/** Agreement that the project promises: the largest difference, as a part of the output's range. */
export const TOLERANCE = 1e-3;

export const MATTING_MODELS = ['rvm', 'selfie', 'meet'] as const;

/** Detectors whose post-processing loops over a number of boxes found at run time: no static graph can hold that. */
export const REFUSED: Readonly<Record<string, string>> = { faceboxes: 'TensorArrayV3', handtrack: 'TensorListReserve' };

/** Side length where a graph leaves the picture size open. */
const OPEN_SIZE = 256;

export function importCase(model: GraphModel, options: ImportOptions = optionsFor(model)): ImportedGraph {
  return importTfjsModel(model.json, model.weights, options);
}

function optionsFor({ name, json }: GraphModel): ImportOptions {
  if (name === 'rvm') return rvmOptions({ height: 256, width: 256, ratio: 0.5 });
  const open = json.modelTopology.node.find((node) => node.op === 'Placeholder') as
    | { name: string; attr?: { shape?: { shape?: { dim?: { size: string }[] } } } }
    | undefined;
  const dims = (open?.attr?.shape?.shape?.dim ?? []).map((d) => Number(d.size));
  if (!open || !dims.slice(1).some((n) => n < 0)) return {};
  const shape = dims.map((n, d) => (n >= 0 ? n : d === 0 ? 1 : OPEN_SIZE));
  return { inputs: { [open.name]: { shape } } };
}

/** What TensorFlow.js has to be fed beside the picture, where the ONNX graph holds constants. */
export function extraFeeds(name: string, ratio = 0.5): Record<string, Plane> {
  if (name !== 'rvm') return {};
  const zero = { shape: [1, 1, 1, 1], data: new Float32Array(1) };
  return { r1i: zero, r2i: zero, r3i: zero, r4i: zero, downsample_ratio: { shape: [1], data: Float32Array.of(ratio) } };
}

/** Numbers 0..1 for float inputs, 0..255 for integers, the same ones every time. */
export function randomFeeds(graph: ImportedGraph): Record<string, Plane> {
  let state = 0x2545f491;
  const next = () => {
    // Marsaglia's xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return Object.fromEntries(
    graph.inputs.map((port) => {
      const shape = hwcShape(graph);
      const length = shape.reduce((product, n) => product * n, 1);
      const whole = port.dtype !== 'float32';
      const data = whole
        ? Int32Array.from({ length }, () => Math.floor(next() * 256))
        : Float32Array.from({ length }, next);
      return [port.name, { shape, data }];
    }),
  );
}

/** One of the six photos of the face-api demo, squashed to the input's size, RGB 0..1. */
export async function photoFeeds(graph: ImportedGraph, photo: number): Promise<Record<string, Plane>> {
  const shape = hwcShape(graph);
  const [, height, width] = shape as [number, number, number, number];
  const bytes = await sharp(photoPath(photo)).resize(width, height, { fit: 'fill' }).removeAlpha().raw().toBuffer();
  return { [graph.inputs[0]!.name]: { shape, data: Float32Array.from(bytes, (v) => v / 255) } };
}

export function photoPath(photo: number): string {
  const entry = createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json');
  return path.join(path.dirname(entry), 'demo', `sample${photo}.jpg`);
}

function hwcShape(graph: ImportedGraph): number[] {
  const { shape, layout } = graph.inputs[0]!;
  const order = layout === 'NCHW' ? [0, 2, 3, 1] : shape.map((_, d) => d);
  return order.map((axis) => Number(shape[axis]));
}

export interface Agreement {
  error: number;
  onnxMs: number;
  tfjsMs: number;
  /** The backend of TensorFlow.js that `error` is measured against. */
  backend: 'wasm' | 'cpu';
  /** How far TensorFlow.js's backends are from each other; measured where the first one is beyond the tolerance. */
  refereeError?: number;
}

/**
 * Runs the imported graph and TensorFlow.js on the same input. Some networks are so steep that rounding alone moves
 * them by the tolerance; when the wasm backend is that far away, the other backend is asked too, and the nearer counts.
 */
export async function compareWithTfjs(
  model: GraphModel,
  graph: ImportedGraph,
  feeds: Record<string, Plane>,
  options: { repeats?: number; ratio?: number } = {},
): Promise<Agreement> {
  const repeats = options.repeats ?? 1;
  const names = graph.outputs.map((port) => port.name);
  const all = { ...feeds, ...extraFeeds(model.name, options.ratio) };
  const got = await runImported(graph, feeds, repeats);
  // The wasm backend lacks integer BatchMatMul, which this model uses.
  const backend = model.name === 'facemesh-attention' ? 'cpu' : 'wasm';
  const reference = await runTfjs(model, all, names, { backend, repeats });
  const error = compareRuns(got.outputs, reference.outputs);
  const result: Agreement = { error, onnxMs: got.ms, tfjsMs: reference.ms, backend };
  if (error <= TOLERANCE || backend === 'cpu') return result;
  const other = await runTfjs(model, all, names, { backend: 'cpu' });
  const refereeError = compareRuns(other.outputs, reference.outputs);
  const nearer = compareRuns(got.outputs, other.outputs);
  return nearer < error ? { ...result, error: nearer, backend: 'cpu', refereeError } : { ...result, refereeError };
}
