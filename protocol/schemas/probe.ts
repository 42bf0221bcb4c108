import Type, { type Static } from 'typebox';

const Id = { pattern: '^[\\w-]{8,64}$', description: 'A name for the probe, chosen by the client.' };

/** Query of `POST /v1/probe`. */
export const ProbeQuery = Type.Object(
  {
    id: Type.Optional(Type.String(Id)),
    // Longer than any timeout that a panel has been seen to have.
    delay: Type.Number({ default: 0, minimum: 0, maximum: 90, description: 'Seconds before the answer.' }),
  },
  { additionalProperties: false },
);
export type ProbeQuery = Static<typeof ProbeQuery>;

export const ProbeId = Type.Object({ id: Type.String(Id) });
export type ProbeId = Static<typeof ProbeId>;

/** `GET /v1/probe/:id`, and the answer of `POST /v1/probe`. */
export const Probe = Type.Object(
  {
    state: Type.Enum(['open', 'answered', 'closed'], {
      description: '`closed`: the client hung up before the answer.',
    }),
    received: Type.Integer({ minimum: 0, description: 'Bytes of the body that have arrived.' }),
  },
  { description: 'What the server saw of a probe.' },
);
export type Probe = Static<typeof Probe>;
