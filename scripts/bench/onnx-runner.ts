import * as ort from 'onnxruntime-node';
import type { ImportedGraph, Port } from '../../models/import/import-graph.ts';
import type { Plane } from './tfjs-referee.ts';

// Read when the first session is made; see server/inference/ort-session.ts.
process.env.ORT_DISABLE_TELEMETRY = '1';

export interface OnnxRun {
  outputs: Record<string, Plane>;
  ms: number;
}

/** Runs an imported graph on the CPU. Feeds and results are in TensorFlow's layout whatever the graph's own is. */
export async function runImported(graph: ImportedGraph, feeds: Record<string, Plane>, repeats = 1): Promise<OnnxRun> {
  // Level 3 leaves out notes about unused initializers and the like.
  const session = await ort.InferenceSession.create(graph.onnx, { logSeverityLevel: 3 });
  const tensors = Object.fromEntries(graph.inputs.map((port) => [port.name, tensorOf(port, feeds[port.name])]));
  let ms = 0;
  let results: ort.InferenceSession.ReturnType = {};
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    results = await session.run(tensors);
    ms = performance.now() - start;
  }
  await session.release();
  const outputs = Object.fromEntries(graph.outputs.map((port) => [port.name, planeOf(port, results[port.name]!)]));
  return { outputs, ms };
}

function tensorOf(port: Port, plane: Plane | undefined): ort.Tensor {
  if (!plane) throw new Error(`The input "${port.name}" was not given.`);
  const { data, shape } = port.layout === 'NCHW' ? permute(plane, [0, 3, 1, 2]) : plane;
  const typed =
    port.dtype === 'uint8' ? Uint8Array.from(data) : port.dtype === 'float32' ? Float32Array.from(data) : data;
  return new ort.Tensor(port.dtype as 'float32', typed as Float32Array, shape);
}

function planeOf(port: Port, tensor: ort.Tensor): Plane {
  const data = tensor.data as ArrayLike<number | bigint>;
  const plane = { shape: [...tensor.dims], data: Float32Array.from(Array.from(data, Number)) };
  return port.layout === 'NCHW' ? permute(plane, [0, 2, 3, 1]) : plane;
}

function permute({ shape, data }: Plane, order: readonly number[]): Plane {
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((p, n) => p * n, 1));
  const to = order.map((axis) => shape[axis]!);
  const step = order.map((axis) => strides[axis]!);
  const [n, a, b, c] = to as [number, number, number, number];
  const result = data.slice();
  let at = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < a; j++)
      for (let k = 0; k < b; k++)
        for (let l = 0; l < c; l++) result[at++] = data[i * step[0]! + j * step[1]! + k * step[2]! + l * step[3]!]!;
  return { shape: to, data: result };
}

/** The largest difference, as a part of the larger of 1 and the reference's own range. */
export function compareRuns(got: Record<string, Plane>, reference: Record<string, Plane>): number {
  return Math.max(...Object.entries(reference).map(([name, plane]) => comparePlanes(got[name]!, plane)));
}

export function comparePlanes(got: Plane, reference: Plane): number {
  if (got.data.length !== reference.data.length) return Number.POSITIVE_INFINITY;
  let range = 1;
  let worst = 0;
  for (let i = 0; i < got.data.length; i++) {
    const expected = Number(reference.data[i]);
    const difference = Math.abs(Number(got.data[i]) - expected);
    range = Math.max(range, Math.abs(expected));
    // Not a number must never pass as close.
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst / range;
}
