import type { ErrorBody } from './errors.ts';

/** `done`, `failed` and `cancelled` are ends: a job that has ended never changes again. */
export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** `GET /v1/jobs/:id`, and the body of 202. */
export interface JobInfo {
  id: string;
  state: JobState;
  /** 0..1, never less than before. */
  progress: number;
  /** Pictures that are begun before this one. */
  ahead: number;
  /** Seconds until it ends, judged by the last pictures; null where nothing is known. */
  estimate: number | null;
  /** Why it failed. */
  error: ErrorBody['error'] | null;
  /** Where its result is, once done. */
  result: string | null;
}
