import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Provider, Session, Tensor } from './session.ts';

export interface OrtSessionOptions {
  /** Providers to try, one at a time: ONNX Runtime's own list neither falls back nor tells which one it took. */
  providers: readonly Provider[];
  threads: number;
  /** Rejects a candidate whose results cannot be right, by throwing. Runs once per candidate, before it is chosen. */
  probe: (session: Session) => Promise<void>;
}

/**
 * Loads a network on the first provider that accepts it and passes the probe.
 * @throws {AggregateError} with one error per provider when none does.
 */
export async function createOrtSession(model: Uint8Array, options: OrtSessionOptions): Promise<Session> {
  // Its own words go to stderr of a program that designers read; failures arrive as exceptions.
  env.logLevel = 'fatal';
  const failures: Error[] = [];
  for (const provider of options.providers) {
    try {
      const reason = failures.length ? failures.map((failure) => failure.message).join('; ') : null;
      const native = await InferenceSession.create(model, sessionOptions(provider, options.threads));
      const session = wrapSession(native, provider, reason);
      await options.probe(session).catch(async (error) => {
        await session.dispose();
        throw error;
      });
      return session;
    } catch (error) {
      failures.push(new Error(`${provider}: ${firstLine(error)}`, { cause: error }));
    }
  }
  throw new AggregateError(
    failures,
    failures.map((failure) => failure.message).join('; ') || 'no execution provider for this device',
  );
}

function sessionOptions(provider: Provider, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    // The arena keeps the peak of the first run for ever: on ISNet 1.4 GB instead of 0.9, for a few per cent of speed.
    enableCpuMemArena: false,
    // DirectML allows neither memory patterns nor parallel execution (its provider page).
    enableMemPattern: provider !== 'dml',
    executionMode: 'sequential',
    // Idle worker threads would spin for a while after each run, on the cores that the enlargement needs next.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(threads > 0 && { intraOpNumThreads: threads }),
  };
}

function wrapSession(native: InferenceSession, provider: Provider, reason: string | null): Session {
  return {
    provider,
    reason,
    inputNames: native.inputNames,
    outputNames: native.outputNames,
    async run(inputs, outputs) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, dims }]) => [name, new OrtTensor('float32', data, dims)]),
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

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
