import Type, { type Static } from 'typebox';
import { ErrorBody } from './failure.ts';

const JobState = Type.Enum(['queued', 'running', 'done', 'failed', 'cancelled'], {
  description: '`done`, `failed` and `cancelled` are final.',
});
export type JobState = Static<typeof JobState>;

/** `GET /v1/jobs/:id`, and the body of 202. */
export const JobInfo = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    state: JobState,
    progress: Type.Number({ minimum: 0, maximum: 1, description: 'Never decreases.' }),
    ahead: Type.Integer({ minimum: 0, description: 'Pictures that start before this one.' }),
    estimate: Type.Union([Type.Number(), Type.Null()], {
      description: 'Estimated seconds until it ends, from the durations of recent pictures; null when unknown.',
    }),
    error: Type.Union([ErrorBody.properties.error, Type.Null()], { description: 'Why it failed.' }),
    result: Type.Union([Type.String(), Type.Null()], { description: 'Address of its result, once done.' }),
  },
  { description: 'A job.' },
);
export type JobInfo = Static<typeof JobInfo>;

export const JobId = Type.Object({ id: Type.String({ description: 'Id of the job, as in its Location.' }) });
export type JobId = Static<typeof JobId>;
