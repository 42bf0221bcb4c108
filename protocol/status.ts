/** `GET /health`: the process is alive. Cheap, never touches a model. */
export interface Health {
  name: 'hairline';
  version: string;
  protocol: number;
}

/** Lifecycle of a model's weights. */
export type ModelState = 'missing' | 'downloading' | 'installed' | 'loading' | 'ready' | 'failed';

/** `GET /ready`: 200 when the default model is loaded and warmed up, 503 with the same shape while it is not. */
export interface Ready extends Health {
  ready: boolean;
  state: ModelState;
  /** Id of the model that `model=auto` runs. */
  model: string;
  /** Execution provider in use, once loaded: `cpu`, `cuda`, `dml`, `coreml`, `webgpu`. */
  provider: string | null;
  /** The same, for people: `GPU: DirectML` or `CPU`. Servers before 0.2 do not send it. */
  label?: string | null;
  /** Why this provider and not a faster one, or what is missing. One plain sentence. */
  reason: string | null;
  /** Pictures waiting or in progress. */
  queued: number;
  /**
   * Queue position of this client's next picture, from 1; null when none is waiting. Servers before 0.2 do not send it.
   */
  place?: number | null;
}

/** One row of `GET /v1/models`. */
export interface ModelInfo {
  id: string;
  name: string;
  purpose: string;
  licence: string;
  state: ModelState;
  default: boolean;
  /** Size of the installed weights in bytes. */
  bytes: number;
  /** Size of the download in bytes. */
  downloadBytes: number;
}
