import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Value from 'typebox/value';
import { DOCUMENT, DOCUMENT_TYPE, JPEG_TYPE, PATH, PATH_TYPE, PNG_TYPE, RAW_TYPE } from '../../../protocol/matte.ts';
import { EdgeRequest } from '../../../protocol/schemas/edge.ts';
import type { MatteId } from '../../../protocol/schemas/matte.ts';
import { clientOf } from '../../access/client-id.ts';
import type { Engine } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
import { parseBackground } from '../../imaging/color.ts';
import { readFraming } from '../../imaging/parse-framing.ts';
import { type Admission, Place } from '../admission.ts';
import { mediaType } from '../body.ts';
import { describeFault } from '../describe-fault.ts';
import { whenClosed } from '../when-closed.ts';
import { abortOnClose, chooseType, sendAnswer } from './answer.ts';
import { DESCRIBED_DELETE, DESCRIBED_EDGE } from './mattes-description.ts';

/** Settings are a few hundred bytes. */
const BODY_LIMIT = 4096;

const JSON_TYPE = 'application/json';
const OFFERED = [PNG_TYPE, RAW_TYPE];
const OFFERED_OPAQUE = [...OFFERED, JPEG_TYPE];
const OFFERED_AT_ALL = [...OFFERED_OPAQUE, DOCUMENT_TYPE, PATH_TYPE];

type WithId = { Params: MatteId };

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
        config: { described: DESCRIBED_EDGE },
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
    checkFinish(settings);
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

/** @throws {AppError} BAD_REQUEST */
function checkFinish(settings: EdgeRequest): void {
  const { output, width, shadow = 0 } = settings;
  if (!readFraming(settings) && shadow === 0) return;
  if (output === DOCUMENT || output === PATH || width !== undefined)
    throw new AppError('BAD_REQUEST', 'Documents, paths and previews keep the frame of the picture.');
}

function offerTypes(settings: EdgeRequest): string[] {
  const { output = 'alpha', depth = 8 } = settings;
  if (output === DOCUMENT) return [DOCUMENT_TYPE];
  if (output === PATH) return [PATH_TYPE];
  // A JPEG supports neither transparency nor 16 bits.
  return depth === 8 && (output === 'alpha' || output === 'composition') ? OFFERED_OPAQUE : OFFERED;
}

/** @throws {AppError} BAD_REQUEST with the first error, as a sentence. */
function checkBody(body: unknown): EdgeRequest {
  if (Value.Check(EdgeRequest, body)) return body;
  throw new AppError('BAD_REQUEST', describeFault('setting', EdgeRequest, body, Value.Errors(EdgeRequest, body)));
}
