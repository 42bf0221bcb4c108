import type { InferenceSession } from 'onnxruntime-node';
import type { Provider } from './session.ts';

/** COREML_FLAG_USE_CPU_AND_GPU of coreml_provider_factory.h. */
const COREML_CPU_AND_GPU = 0x20;

export function sessionOptions(
  provider: Provider,
  { threads, dimensions }: { threads: number; dimensions: Readonly<Record<string, number>> },
): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider === 'coreml' ? coreml() : provider],
    graphOptimizationLevel: 'all',
    // DirectML is five times slower with shapes it cannot know in advance, and CoreML refuses some of them.
    freeDimensionOverrides: dimensions,
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

/**
 * The NeuralNetwork format, which is what the absence of COREML_FLAG_CREATE_MLPROGRAM means: MLProgram with fixed shapes
 * is silently wrong on macOS 15 (onnxruntime#32569). Without the Neural Engine, which computes in half precision only.
 */
function coreml(): InferenceSession.CoreMLExecutionProviderOption {
  return { name: 'coreml', coreMlFlags: COREML_CPU_AND_GPU };
}
