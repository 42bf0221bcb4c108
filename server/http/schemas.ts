import Type from 'typebox';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { JOB_STATES } from '../../protocol/job.ts';
import type { ModelState } from '../../protocol/status.ts';

const STATES = [
  'missing',
  'downloading',
  'installed',
  'loading',
  'ready',
  'failed',
] as const satisfies readonly ModelState[];

const Nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const State = Type.Union(STATES.map((state) => Type.Literal(state)));
const ofHealth = { name: Type.Literal('hairline'), version: Type.String(), protocol: Type.Integer() };

export const HealthSchema = Type.Object(ofHealth, { description: 'The process is alive.' });

export const ReadySchema = Type.Object(
  {
    ...ofHealth,
    ready: Type.Boolean(),
    state: State,
    model: Type.String({ description: 'What `model=auto` runs.' }),
    provider: Nullable('Execution provider in use, once loaded.'),
    label: Nullable('The provider for people.'),
    reason: Nullable('Why no faster provider runs, or what is missing.'),
    queued: Type.Integer({ minimum: 0, description: 'Pictures waiting or in progress.' }),
    place: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
      description: 'Queue position of the next picture of this client, from 1; null when none is waiting.',
    }),
  },
  { description: 'Whether the default model is loaded and warmed up.' },
);

export const ModelsSchema = Type.Object(
  {
    models: Type.Array(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        purpose: Type.String(),
        licence: Type.String(),
        state: State,
        default: Type.Boolean(),
        bytes: Type.Integer({ description: 'Of the installed weights.' }),
        downloadBytes: Type.Integer(),
      }),
    ),
  },
  { description: 'All known models, installed or not.' },
);

const Failure = (description?: string) =>
  Type.Object({
    code: Type.String(description === undefined ? {} : { description }),
    message: Type.String(),
    hint: Type.String(),
  });

export const JobSchema = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    state: Type.Union(
      JOB_STATES.map((state) => Type.Literal(state)),
      { description: '`done`, `failed` and `cancelled` are final.' },
    ),
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    ahead: Type.Integer({ minimum: 0, description: 'Pictures that start before this one.' }),
    estimate: Type.Union([Type.Number(), Type.Null()], { description: 'Seconds until it ends, if known.' }),
    error: Type.Union([Failure(), Type.Null()], { description: 'Why it failed.' }),
    result: Nullable('Where its result is, once done.'),
  },
  { description: 'A job.' },
);

/** The responses of a route by status, each with its possible error codes. */
export function failures(...codes: readonly ErrorCode[]): Record<number, object> {
  const statuses = [...new Set(codes.map((code) => ERRORS[code][0]))];
  return Object.fromEntries(
    statuses.map((status) => {
      const possible = codes.filter((code) => ERRORS[code][0] === status);
      const error = Failure(possible.join(', '));
      const description = possible.map((code) => ERRORS[code][1]).join(' ');
      return [status, Type.Object({ error }, { description })];
    }),
  );
}

/** Possible errors of every route, from access control and shutdown. */
export const EVERYWHERE = [
  'FORBIDDEN_HOST',
  'FORBIDDEN_ORIGIN',
  'TOKEN_REQUIRED',
  'TOO_MANY_TRIES',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];
