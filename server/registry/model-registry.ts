import type { ModelSpec } from './model-spec.ts';

/** Bytes moved so far of an expected total, during one named phase of a download. */
export interface PullProgress {
  phase: 'download' | 'verify' | 'convert';
  done: number;
  total: number;
}

/**
 * Knows which models exist (their specs) and where their weights are (the user's cache folder).
 * `auto` names the default model.
 */
export interface ModelRegistry {
  list(): ModelSpec[];
  /** @throws {AppError} UNKNOWN_MODEL */
  resolve(idOrAuto: string): ModelSpec;
  /** Whether the weights are there with the right size; does not hash them. */
  isInstalled(spec: ModelSpec): Promise<boolean>;
  /**
   * Reads and verifies the installed weights.
   * @throws {AppError} WEIGHTS_MISSING, or WEIGHTS_CORRUPT when size or checksum differ.
   */
  readWeights(spec: ModelSpec): Promise<Uint8Array>;
  /** Fetches, verifies, converts, and renames into place last. Two callers at once share one download. */
  pull(
    spec: ModelSpec,
    options?: { force?: boolean; signal?: AbortSignal; onProgress?: (p: PullProgress) => void },
  ): Promise<void>;
  /** Deletes the weights. Returns whether there were any. */
  remove(spec: ModelSpec): Promise<boolean>;
}
