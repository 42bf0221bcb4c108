import Type from 'typebox';
import { ERRORS, type ErrorCode } from '../protocol/errors.ts';
import type { ModelState } from '../protocol/status.ts';

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
    queued: Type.Integer({ minimum: 0, description: 'Mattes waiting or running.' }),
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
  { description: 'The models that are known, installed or not.' },
);

/** The answers by status of a route that can fail in these ways, each with the codes that are possible. */
export function failures(...codes: readonly ErrorCode[]): Record<number, object> {
  const statuses = [...new Set(codes.map((code) => ERRORS[code][0]))];
  return Object.fromEntries(
    statuses.map((status) => {
      const possible = codes.filter((code) => ERRORS[code][0] === status);
      const error = Type.Object({
        code: Type.String({ description: possible.join(', ') }),
        message: Type.String(),
        hint: Type.String(),
      });
      const description = possible.map((code) => ERRORS[code][1]).join(' ');
      return [status, Type.Object({ error }, { description })];
    }),
  );
}

/** What the doors and a server that is ending answer, wherever it was asked. */
export const EVERYWHERE = ['FORBIDDEN_HOST', 'FORBIDDEN_ORIGIN', 'INTERNAL'] as const satisfies readonly ErrorCode[];
