import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from '../../access/client-id.ts';
import type { Answer, WorkOptions } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { parsePrefer } from '../../jobs/prefer.ts';
import type { Place } from '../admission.ts';
import { whenClosed } from '../when-closed.ts';
import { sendAnswer } from './answer.ts';

export interface Order {
  jobs: Jobs;
  work: (options: WorkOptions) => Promise<Answer>;
  /** Admission held by the job, if there is one, until its work has ended. */
  place: Place;
  /** Aborted when the client disconnects. */
  signal: AbortSignal;
}

/**
 * Runs the work of a request in its client's turn. `Prefer: respond-async` makes it a job that outlives the request;
 * with `wait=N` as well, work that finishes within N seconds is answered directly; `wait=N` alone is the client's
 * deadline.
 */
export async function perform(request: FastifyRequest, reply: FastifyReply, order: Order): Promise<void> {
  const { respondAsync, wait } = parsePrefer(request.headers.prefer);
  const { socket } = request.raw;
  // No timeout until data is sent: silence does not mean that the client is gone. The work has its own limit.
  socket.setTimeout(0);
  try {
    await (respondAsync ? submit(request, reply, order, wait ?? 0) : run(request, reply, order, wait));
  } finally {
    socket.setTimeout(request.server.server.timeout);
  }
}

async function run(
  request: FastifyRequest,
  reply: FastifyReply,
  { jobs, work, signal }: Order,
  wait: number | null,
): Promise<void> {
  const deadline = wait === null ? undefined : wait * 1000;
  if (wait !== null) reply.header('preference-applied', `wait=${wait}`);
  sendAnswer(reply, await jobs.run(work, { client: clientOf(request), signal, deadline }));
}

async function submit(request: FastifyRequest, reply: FastifyReply, order: Order, wait: number): Promise<void> {
  const { jobs, work, place, signal } = order;
  // Does not capture the request, which holds the body: a job lives longer.
  const { log } = request;
  signal.throwIfAborted();
  place.begin();
  const release = () => place.end();
  let job: ReturnType<Jobs['submit']>;
  try {
    job = jobs.submit({
      client: clientOf(request),
      work,
      release,
      onFailure: (failure) => {
        if (failure.status >= 500) log.error({ err: failure, code: failure.code });
      },
    });
  } catch (error) {
    release();
    throw error;
  }
  const { id, ended } = job;
  if (wait > 0) {
    const isOver = await endsWithin(wait * 1000, ended, signal);
    // A client that disconnects now never learned the job's id.
    if (signal.aborted) {
      jobs.abandon(id);
      throw new AppError('CANCELLED');
    }
    if (isOver) {
      whenClosed(reply, () => jobs.abandon(id));
      reply.header('preference-applied', `wait=${wait}`);
      return sendAnswer(reply, jobs.result(id));
    }
  }
  const info = jobs.describe(id);
  reply
    .code(202)
    .header('location', `/v1/jobs/${id}`)
    .header('preference-applied', 'respond-async')
    .header('retry-after', secondsUntilNextLook(info.estimate))
    .send(info);
}

/** When to poll next: neither too often nor too late. */
export function secondsUntilNextLook(estimate: number | null): number {
  return Math.min(30, Math.max(1, Math.ceil(estimate ?? 1)));
}

async function endsWithin(milliseconds: number, ended: Promise<void>, signal: AbortSignal): Promise<boolean> {
  let stop = () => {};
  const timeUp = new Promise<false>((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([ended.then(() => true), timeUp]);
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
  }
}
