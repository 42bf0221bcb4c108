import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { EDGE_OUTPUTS, EDGE_RANGES, type EdgeRequest } from '../../../protocol/edge.ts';
import { DOCUMENT, DOCUMENT_TYPE, FOREGROUND_METHODS, JPEG_TYPE, PNG_TYPE, RAW_TYPE } from '../../../protocol/matte.ts';
import { clientOf } from '../../access/client-id.ts';
import type { Engine } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
import { parseBackground } from '../../imaging/colour.ts';
import { type Admission, Place } from '../admission.ts';
import { mediaType } from '../body.ts';
import { whenClosed } from '../when-closed.ts';
import { abortOnClose, chooseType, sendAnswer } from './answer.ts';
import { DESCRIBED_DELETE, describeEdge } from './mattes-description.ts';

/** Settings are a few hundred bytes. */
const BODY_LIMIT = 4096;

const JSON_TYPE = 'application/json';
const OFFERED = [PNG_TYPE, RAW_TYPE];
const OFFERED_OPAQUE = [...OFFERED, JPEG_TYPE];
const OFFERED_AT_ALL = [...OFFERED_OPAQUE, DOCUMENT_TYPE];

const control = ([minimum, maximum]: readonly [number, number]) => Type.Optional(Type.Number({ minimum, maximum }));

const Body = Type.Object(
  {
    shift: control(EDGE_RANGES.shift),
    feather: control(EDGE_RANGES.feather),
    contrast: control(EDGE_RANGES.contrast),
    hair: control(EDGE_RANGES.hair),
    removeSpecks: control(EDGE_RANGES.removeSpecks),
    fillHoles: control(EDGE_RANGES.fillHoles),
    decontaminate: control(EDGE_RANGES.decontaminate),
    foreground: Type.Optional(Type.Union(FOREGROUND_METHODS.map((method) => Type.Literal(method)))),
    width: Type.Optional(Type.Integer({ minimum: 16 })),
    output: Type.Optional(Type.Union(EDGE_OUTPUTS.map((output) => Type.Literal(output)))),
    depth: Type.Optional(Type.Union([Type.Literal(8), Type.Literal(16)])),
    background: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { additionalProperties: false },
);
type Body = Static<typeof Body>;
type WithId = { Params: { id: string } };

/** Edge controls on kept mattes: no upload and no network run. */
export async function registerEdge(app: FastifyInstance, engine: Engine, admission: Admission): Promise<void> {
  app.delete<WithId>('/v1/mattes/:id', { config: { described: DESCRIBED_DELETE } }, async (request, reply) => {
    if (!(await engine.forget(request.params.id))) throw new AppError('MATTE_GONE');
    return reply.code(204).send();
  });

  // In its own scope: no other route accepts JSON.
  await app.register(async (scope) => {
    const parse = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser(JSON_TYPE, { parseAs: 'string', bodyLimit: BODY_LIMIT }, parse);
    scope.post<WithId>(
      '/v1/mattes/:id/edge',
      {
        config: { described: describeEdge(Body) },
        onRequest: async (request) => {
          if (mediaType(request) !== JSON_TYPE) throw new AppError('UNSUPPORTED_TYPE');
          chooseType(request, OFFERED_AT_ALL);
        },
      },
      answer,
    );
  });

  async function answer(request: FastifyRequest<WithId>, reply: FastifyReply) {
    const settings = checkBody(request.body);
    parseBackground(settings.background ?? 'white');
    const task = { id: request.params.id, settings, type: chooseType(request, offerTypes(settings)) };
    const signal = abortOnClose(reply);
    const bytes = await engine.weighEdge(task);
    // A client that has already disconnected would never release its place.
    signal.throwIfAborted();
    const place = new Place(admission.enter(bytes, clientOf(request)));
    whenClosed(reply, () => place.end());
    place.begin();
    try {
      sendAnswer(reply, await engine.edge(task, { signal }));
    } finally {
      place.end();
    }
    return reply;
  }
}

function offerTypes(settings: EdgeRequest): string[] {
  const { output = 'alpha', depth = 8 } = settings;
  if (output === DOCUMENT) return [DOCUMENT_TYPE];
  // A JPEG supports neither transparency nor 16 bits.
  return depth === 8 && (output === 'alpha' || output === 'composition') ? OFFERED_OPAQUE : OFFERED;
}

/** @throws {AppError} BAD_REQUEST with the first error, as a sentence. */
function checkBody(body: unknown): Body {
  if (Value.Check(Body, body)) return body;
  const [error] = Value.Errors(Body, body);
  const name = error?.instancePath.slice(1) ?? '';
  const range = Object.entries(EDGE_RANGES).find(([key]) => key === name)?.[1];
  if (range) throw new AppError('BAD_REQUEST', `"${name}" must be a number from ${range[0]} to ${range[1]}.`);
  if (name && !(name in Body.properties)) throw new AppError('BAD_REQUEST', `"${name}" is not a setting.`);
  if (name) throw new AppError('BAD_REQUEST', `"${name}" has an unknown value.`);
  throw new AppError('BAD_REQUEST', 'The body must be an object with known settings only.');
}
