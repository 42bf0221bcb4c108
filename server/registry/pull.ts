/** Bytes moved so far of an expected total, during one named phase of a download. */
export interface PullProgress {
  phase: 'download' | 'verify' | 'convert';
  done: number;
  total: number;
}

/** The two pictures of a published example, as files. */
export interface VerifyFiles {
  input: Uint8Array;
  expected: Uint8Array;
}

export interface PullOptions {
  /** Fetches also what is there and intact. */
  force?: boolean;
  signal?: AbortSignal;
  onProgress?: (p: PullProgress) => void;
}
