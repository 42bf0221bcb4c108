import type { WeightsPlace } from './install/installed-weights.ts';
import type { Manifest } from './install/manifest.ts';
import type { PullOptions, VerifyFiles } from './pull.ts';
import type { Offer } from './sources/offer.ts';
import type { ModelSpec, Subject, VerifyPair } from './spec/model-spec.ts';

/**
 * Knows which models exist (their specs) and where their weights are (the user's cache folder).
 * `auto` names the default model.
 */
export interface ModelRegistry {
  list(): ModelSpec[];
  /**
   * @param subject what `auto` is asked for; the best model for it that is installed, else its embedded one
   * @throws {AppError} UNKNOWN_MODEL
   */
  resolve(idOrAuto: string, subject?: Subject): ModelSpec;
  /** Whether the weights are there with the right size; does not hash them. */
  isInstalled(spec: ModelSpec): Promise<boolean>;
  /** Whether the weights are in the user's cache or came with Hairline; null when there are none. */
  place(spec: ModelSpec): Promise<WeightsPlace | null>;
  /** Where the installed weights came from; null when there are none, or no manifest beside them. */
  manifest(spec: ModelSpec): Promise<Manifest | null>;
  /**
   * Reads and verifies the installed weights.
   * @throws {AppError} WEIGHTS_MISSING, or WEIGHTS_CORRUPT when size or checksum differ.
   */
  readWeights(spec: ModelSpec): Promise<Uint8Array>;
  /** Fetches, verifies, converts, and renames into place last. Two callers at once share one download. */
  pull(spec: ModelSpec, options?: PullOptions): Promise<void>;
  /** Deletes the weights from the cache; those that came with Hairline stay. Returns whether there were any. */
  remove(spec: ModelSpec): Promise<boolean>;
}

/** The registry as the model commands use it. */
export interface ModelShelf extends ModelRegistry {
  /** What a download would be; null when no source can be reached. */
  offer(spec: ModelSpec, signal: AbortSignal): Promise<Offer | null>;
  /**
   * Installs a file that the user already has.
   * @throws {AppError} BAD_REQUEST when it is not the model.
   */
  add(spec: ModelSpec, file: string): Promise<void>;
  /**
   * Fetches a published example of what a model does, or takes it from `folder`, where the files have the names that
   * they have on the server.
   * @throws {AppError} DOWNLOAD_FAILED; BAD_REQUEST when a file in `folder` is another one.
   */
  example(pair: VerifyPair, options: { folder?: string; signal: AbortSignal }): Promise<VerifyFiles>;
}
