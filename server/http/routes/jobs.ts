import type { FastifyInstance, FastifySchema } from 'fastify';
import { DOCUMENT_TYPE, RAW_TYPE } from '../../../protocol/matte.ts';
import { JobId, JobInfo } from '../../../protocol/schemas/job.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { EVERYWHERE, failures } from '../failures.ts';
import type { Metrics } from '../metrics.ts';
import { whenClosed } from '../when-closed.ts';
import { sendAnswer } from './answer.ts';
import { BINARY, MATTE_FAILURES } from './mattes-description.ts';
import { secondsUntilNextLook } from './perform.ts';

type WithId = { Params: JobId };

const RESULT: FastifySchema = {
  summary: 'The result of a job',
  params: JobId,
  response: {
    200: {
      description: 'The answer to the original request; can be fetched repeatedly until it expires.',
      content: { 'image/png': BINARY, [RAW_TYPE]: BINARY, [DOCUMENT_TYPE]: BINARY },
    },
    ...failures(...EVERYWHERE, ...MATTE_FAILURES, 'JOB_GONE', 'JOB_PENDING', 'CANCELLED', 'RESULT_TOO_LARGE'),
  },
};

const CANCEL: FastifySchema = {
  summary: 'Cancel or forget a job',
  params: JobId,
  response: {
    204: { description: 'Work stops at its next safe point; a finished job is forgotten.', type: 'null' },
    ...failures(...EVERYWHERE, 'JOB_GONE'),
  },
};

/** Jobs created by `Prefer: respond-async`. Their random ids are the only way to access them. */
export function registerJobs(app: FastifyInstance, jobs: Jobs, metrics: Metrics): void {
  metrics.gauge('hairline_jobs_known', 'Kept jobs in any state.', () => jobs.size);
  metrics.gauge('hairline_job_result_bytes', 'Bytes of results that are kept.', () => jobs.bytes);
  metrics.gauge('hairline_turns_waiting', 'Pictures waiting for their turn.', () => jobs.waiting);
  metrics.gauge('hairline_turns_running', 'Pictures in progress.', () => jobs.running);

  const schema = {
    summary: 'State of a job',
    params: JobId,
    response: { 200: JobInfo, ...failures(...EVERYWHERE, 'JOB_GONE') },
  };
  app.get<WithId>('/v1/jobs/:id', { schema }, async (request, reply) => {
    const info = jobs.describe(request.params.id);
    if (info.state === 'queued' || info.state === 'running')
      reply.header('retry-after', secondsUntilNextLook(info.estimate));
    return reply.header('cache-control', 'no-store').send(info);
  });

  // Without HEAD, which would count as fetched.
  const result = { exposeHeadRoute: false, config: { described: RESULT } };
  app.get<WithId>('/v1/jobs/:id/result', result, async (request, reply) => {
    const { id } = request.params;
    const answer = jobs.result(id);
    whenClosed(reply, () => {
      if (reply.raw.writableFinished) jobs.markFetched(id);
    });
    // Pictures are unpublished work: browsers must not store them on disk.
    sendAnswer(reply.header('cache-control', 'no-store'), answer);
    return reply;
  });

  app.delete<WithId>('/v1/jobs/:id', { config: { described: CANCEL } }, async (request, reply) => {
    jobs.remove(request.params.id);
    return reply.code(204).send();
  });
}
