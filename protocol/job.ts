import type { ErrorBody } from './errors.ts';

/** `done`, `failed` and `cancelled` are final. */
export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** `GET /v1/jobs/:id`, and the body of 202. */
export interface JobInfo {
  id: string;
  state: JobState;
  /** 0..1, never decreasing. */
  progress: number;
  /** Pictures that start before this one. */
  ahead: number;
  /** Estimated seconds until it ends, from the durations of recent pictures; null when unknown. */
  estimate: number | null;
  /** Why it failed. */
  error: ErrorBody['error'] | null;
  /** Address of its result, once done. */
  result: string | null;
}
