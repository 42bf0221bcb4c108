import { createRequire } from 'node:module';
import path from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { signatureOf, type TfjsJson } from './human-models.ts';

export interface Plane {
  shape: number[];
  data: Float32Array | Int32Array | Uint8Array;
}

export interface RefereeRun {
  outputs: Record<string, Plane>;
  /** Milliseconds of the last of `repeats` runs; the first ones compile kernels and fill caches. */
  ms: number;
}

/** Runs a graph model in TensorFlow.js, the independent implementation the importer is compared with. */
export async function runTfjs(
  model: { json: TfjsJson; weights: Uint8Array },
  feeds: Record<string, Plane>,
  outputs: readonly string[],
  options: { backend?: 'wasm' | 'cpu'; repeats?: number } = {},
): Promise<RefereeRun> {
  await useBackend(options.backend ?? 'wasm');
  const { json, weights } = model;
  const graph = await loadGraphModel({
    load: async () =>
      ({
        ...json,
        weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
        weightData: new Uint8Array(weights).buffer,
      }) as unknown as Awaited<ReturnType<NonNullable<tf.io.IOHandler['load']>>>,
  });
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [
      name,
      tf.tensor(data instanceof Uint8Array ? Int32Array.from(data) : data, shape),
    ]),
  );
  const named = bindInputs(
    json,
    graph.inputs.map((input) => input.name),
    tensors,
  );
  const keys = outputs.map((name) => nodeOf(json, 'outputs', name));
  let ms = 0;
  let results: tf.Tensor[] = [];
  const quiet = console.warn;
  // It recommends the synchronous call for graphs without control flow; one call for all is simpler here.
  console.warn = () => {};
  try {
    for (let i = 0; i < (options.repeats ?? 1); i++) {
      for (const result of results) result.dispose();
      const start = performance.now();
      const run = await graph.executeAsync(named, keys);
      results = Array.isArray(run) ? run : [run];
      await Promise.all(results.map((result) => result.data()));
      ms = performance.now() - start;
    }
  } finally {
    console.warn = quiet;
  }
  const planes = results.map((result) => ({ shape: result.shape, data: result.dataSync() as Plane['data'] }));
  for (const tensor of [...results, ...Object.values(tensors)]) tensor.dispose();
  graph.dispose();
  return { outputs: Object.fromEntries(outputs.map((name, i) => [name, planes[i]!])), ms };
}

/** TensorFlow.js names inputs as its nodes are called; callers use the names of the signature. */
function bindInputs(json: TfjsJson, names: readonly string[], tensors: Record<string, tf.Tensor>) {
  const signature = Object.entries(signatureOf(json).inputs ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const node = name.replace(/:\d+$/, '');
      const key = signature.find(([, info]) => info.name.replace(/:\d+$/, '') === node)?.[0].replace(/:\d+$/, '');
      const tensor = tensors[key ?? node] ?? tensors[node];
      if (!tensor) throw new Error(`TensorFlow.js asks for the input "${name}".`);
      return [name, tensor];
    }),
  );
}

function nodeOf(json: TfjsJson, side: 'inputs' | 'outputs', name: string): string {
  const found = Object.entries(signatureOf(json)[side] ?? {}).find(([key]) => key.replace(/:\d+$/, '') === name);
  return found ? found[1].name : name;
}

async function useBackend(backend: 'wasm' | 'cpu'): Promise<void> {
  if (tf.getBackend() === backend) return;
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  if (!wasmReady) setWasmPaths(`${path.join(path.dirname(entry), 'dist')}${path.sep}`);
  wasmReady = true;
  await tf.setBackend(backend);
  await tf.ready();
}

let wasmReady = false;
