import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Provider, Session, Tensor } from './session.ts';
import { sessionOptions } from './session-options.ts';

type Runtime = typeof import('onnxruntime-node');

/**
 * Loads a network on one provider. One at a time, because ONNX Runtime's own list neither falls back nor tells which
 * one it took.
 * @throws {Error} whatever the runtime reports, also when it cannot be loaded itself.
 */
export async function createOrtSession(
  model: Uint8Array,
  provider: Provider,
  options: { threads: number; dimensions: Readonly<Record<string, number>>; flexible?: boolean },
): Promise<Session> {
  // Unless told so before it starts, ONNX Runtime 1.30 reports its use to its makers on Linux and macOS, and keeps a number
  // for this computer. On Windows it hands events to the system, which this does not change.
  process.env.ORT_DISABLE_TELEMETRY = '1';
  // Loaded only here: where its system libraries are missing, the server must still be able to say so.
  const runtime = await import('onnxruntime-node');
  // Its own words go to stderr of a program that designers read; failures arrive as exceptions.
  runtime.env.logLevel = 'fatal';
  const native = await runtime.InferenceSession.create(model, sessionOptions(provider, options));
  return wrapSession(runtime, native, provider, options.flexible ?? false);
}

function wrapSession(runtime: Runtime, native: InferenceSession, provider: Provider, flexible: boolean): Session {
  return {
    provider,
    reason: null,
    flexible,
    inputNames: native.inputNames,
    outputNames: native.outputNames,
    async run(inputs, outputs) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, dims }]) => [name, new runtime.Tensor('float32', data, dims)]),
      );
      const results = await native.run(feeds, [...outputs]);
      return Object.fromEntries(outputs.map((name) => [name, toTensor(name, results[name])]));
    },
    dispose: () => native.release(),
  };
}

function toTensor(name: string, value: OrtTensor | undefined): Tensor {
  if (!(value?.data instanceof Float32Array)) throw new Error(`output "${name}" is not a float32 tensor`);
  return { data: value.data, dims: value.dims };
}
