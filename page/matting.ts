import { HEADERS } from '../protocol/matte.ts';
import type { JobInfo } from '../protocol/schemas/job.ts';
import {
  type Correction,
  forget,
  type Options,
  readJob,
  readReady,
  readResult,
  ServerError,
  submit,
  Unreachable,
} from './api.ts';
import { typeOf } from './pictures.ts';

/** State of a run. `waiting`: for the pictures before it. `model` and `server`: it waits for them, and continues automatically. */
export type Stage =
  | { name: 'waiting' }
  | { name: 'uploading'; fraction: number }
  | { name: 'queued'; ahead: number }
  | { name: 'running'; fraction: number; estimate: number | null }
  | { name: 'model' }
  | { name: 'server' };

/** A matte that the server keeps, and where it came from. */
export interface Matte {
  id: string;
  width: number;
  height: number;
  model: string;
  provider: string;
  /** Milliseconds by stage, as the server measured them. */
  timings: readonly (readonly [stage: string, milliseconds: number])[];
  hasSubject: boolean;
  /** The network's matte, 8 bits, PNG. */
  alpha: Blob;
}

export interface RunOptions extends Options {
  /** Makes the matte from a mask. */
  correction?: Correction | null;
  signal: AbortSignal;
  onStage: (stage: Stage) => void;
}

/** Milliseconds between two polls of a job. */
const LOOK = 200;
/** Milliseconds between two checks for a missing server or model. */
const WAIT = 1000;
/** Number of lost connections to a running server before giving up. */
const MOST_LOST = 3;

/**
 * Uploads a picture, polls its job and fetches the result. Waits for a model that is still downloading and for a server
 * that is down, until aborted.
 * @throws {ServerError} and the signal's reason
 */
export async function makeMatte(file: File, options: RunOptions): Promise<Matte> {
  const { signal, onStage } = options;
  for (let lost = 0; ; ) {
    try {
      return await runOnce(file, options);
    } catch (error) {
      signal.throwIfAborted();
      if (!passesByItself(error)) throw error;
      // The server is up, and still the upload fails: the file may have been moved or changed.
      const isThere = await readReady().then(Boolean, () => false);
      if (error instanceof Unreachable && isThere && ++lost === MOST_LOST)
        throw new Error('the picture cannot be sent');
      onStage({ name: error instanceof Unreachable ? 'server' : 'model' });
      await untilReady(signal);
    }
  }
}

function passesByItself(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  // A restarted server has lost its jobs.
  return error instanceof ServerError && ['MODEL_DOWNLOADING', 'SHUTTING_DOWN', 'JOB_GONE'].includes(error.code);
}

async function untilReady(signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(WAIT, signal);
    const ready = await readReady().catch(() => null);
    if (ready && ready.state !== 'downloading') return;
  }
}

async function runOnce(file: File, { signal, onStage, ...options }: RunOptions): Promise<Matte> {
  onStage({ name: 'uploading', fraction: 0 });
  const onProgress = (fraction: number) => onStage({ name: 'uploading', fraction });
  const { id } = await submit(file, typeOf(file), options, { signal, onProgress });
  try {
    await watch(id, signal, onStage);
    const answer = await readResult(id, signal);
    return describe(answer.headers, await answer.blob());
  } finally {
    // Cancels the running job.
    forget('jobs', id);
  }
}

async function watch(id: string, signal: AbortSignal, onStage: (stage: Stage) => void): Promise<void> {
  for (;;) {
    const job = await readJob(id, signal);
    // The result request returns the job's error.
    if (job.state !== 'queued' && job.state !== 'running') return;
    onStage(stageOf(job));
    await delay(LOOK, signal);
  }
}

function stageOf({ state, ahead, progress, estimate }: JobInfo): Stage {
  return state === 'queued' ? { name: 'queued', ahead } : { name: 'running', fraction: progress, estimate };
}

function describe(headers: Headers, alpha: Blob): Matte {
  const read = (name: string) => headers.get(name) ?? '';
  const timings = [...read('server-timing').matchAll(/([\w-]+);dur=([\d.]+)/g)];
  return {
    id: read(HEADERS.matteId),
    width: Number(read(HEADERS.width)),
    height: Number(read(HEADERS.height)),
    model: read(HEADERS.model),
    provider: read(HEADERS.provider),
    hasSubject: read(HEADERS.subject) !== 'none',
    timings: timings.map(([, stage, ms]) => [stage!, Number(ms)] as const),
    alpha,
  };
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
