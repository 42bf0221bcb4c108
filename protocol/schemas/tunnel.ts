import Type, { type Static } from 'typebox';

/** The first message of a client. */
export const TunnelRequest = Type.Object({
  method: Type.Enum(['GET', 'POST', 'DELETE']),
  path: Type.String({ pattern: '^/', description: 'With its query.' }),
  headers: Type.Record(Type.String(), Type.String()),
  bytes: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Length of the body; 0: there is none.',
  }),
});
export type TunnelRequest = Static<typeof TunnelRequest>;

/** Every text message of the server. */
export const TunnelNews = Type.Union([
  Type.Object({ taken: Type.Integer({ minimum: 0, description: 'Bytes of the body that were taken, in all.' }) }),
  Type.Object(
    { status: Type.Integer(), headers: Type.Record(Type.String(), Type.String()) },
    { description: 'The answer begins. Header names are in lower case.' },
  ),
  Type.Object({ end: Type.Literal(true) }, { description: 'The answer is complete.' }),
]);
export type TunnelNews = Static<typeof TunnelNews>;
