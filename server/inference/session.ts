/** A dense float tensor, row-major. */
export interface Tensor {
  data: Float32Array;
  dims: readonly number[];
}

/** Where a session runs: ONNX Runtime's short names. */
export type Provider = 'cpu' | 'cuda' | 'dml' | 'coreml' | 'webgpu';

/** A loaded network on exactly one execution provider. Not re-entrant: callers run one at a time (`RunQueue`). */
export interface Session {
  readonly provider: Provider;
  /** Why this provider and not one that was preferred; null when the first choice worked. */
  readonly reason: string | null;
  /** Whether the network takes pictures of any size; else only of the size in its spec. */
  readonly flexible: boolean;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** @throws {Error} whatever the runtime reports; callers turn it into INFERENCE_FAILED. */
  run(inputs: Record<string, Tensor>, outputs: readonly string[]): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}
