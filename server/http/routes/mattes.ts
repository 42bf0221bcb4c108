import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DOCUMENT, DOCUMENT_TYPE, ENCODED_TYPES, PATH, PATH_TYPE, RAW_TYPE } from '../../../protocol/matte.ts';
import { MatteQuery } from '../../../protocol/schemas/matte.ts';
import { clientOf } from '../../access/client-id.ts';
import type { Engine, MaskLayout, MatteTask, WorkOptions } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
import { checkPoint, checkRegion, parsePoint, parseRegion } from '../../imaging/area.ts';
import { parseBackground } from '../../imaging/color.ts';
import { readFraming } from '../../imaging/parse-framing.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { readStream } from '../../system/read-stream.ts';
import { type Admission, Place } from '../admission.ts';
import { announceBytes, isRaw, mediaType, readFormFiles, readMaskDepth, readRawLayout } from '../body.ts';
import { describeFault } from '../describe-fault.ts';
import type { Metrics } from '../metrics.ts';
import { whenClosed } from '../when-closed.ts';
import { abortOnClose, chooseType } from './answer.ts';
import { DESCRIBED } from './mattes-description.ts';
import { perform } from './perform.ts';

const MULTIPART = 'multipart/form-data';
const ACCEPTED = new Set<string>([RAW_TYPE, MULTIPART, ...ENCODED_TYPES]);

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes this upload may have, once admitted. */
    announced: number;
    place: Place | null;
  }
}

export function registerMattes(
  app: FastifyInstance,
  engine: Engine,
  admission: Admission,
  jobs: Jobs,
  metrics: Metrics,
): void {
  app.decorateRequest('announced', 0);
  app.decorateRequest('place', null);

  app.addContentTypeParser([RAW_TYPE, ...ENCODED_TYPES], (request: FastifyRequest, payload: IncomingMessage) =>
    readStream(payload, request.announced, isRaw(request) || request.headers['content-length'] !== undefined),
  );

  app.post<{ Querystring: MatteQuery }>(
    '/v1/mattes',
    {
      schema: { summary: 'The matte of one picture', querystring: MatteQuery },
      config: { described: DESCRIBED },
      // Everything that can be refused is refused here, before a byte of the body is read.
      onRequest: async (request, reply) => {
        if (!ACCEPTED.has(mediaType(request))) throw new AppError('UNSUPPORTED_TYPE');
        const validate = request.getValidationFunction('querystring');
        if (validate && !validate(request.query))
          throw new AppError(
            'BAD_REQUEST',
            describeFault('parameter', MatteQuery, request.query, validate.errors ?? []),
          );
        engine.checkModel(request.query.model, request.query.subject);
        parseBackground(request.query.background);
        checkPlaces(request);
        checkFinish(request.query);
        chooseType(request, offerTypes(request));
        request.announced = announceBytes(request);
        const place = new Place(admission.enter(request.announced, clientOf(request)));
        request.place = place;
        whenClosed(reply, () => place.end());
      },
    },
    async (request, reply) => {
      const signal = abortOnClose(reply);
      const place = request.place!;
      place.begin();
      try {
        const { body, mask } = await readBody(request);
        const task = { ...taskOf(request), mask };
        await perform(request, reply, { jobs, place, signal, work: (options) => matte(task, body, options) });
      } finally {
        place.end();
      }
      return reply;
    },
  );

  async function matte(task: MatteTask, body: Buffer, options: WorkOptions) {
    const answer = await engine.matte(task, body, options);
    metrics.matte(answer.timings);
    return answer;
  }
}

/** The picture, and behind it the mask and its strokes if there are any. */
async function readBody(
  request: FastifyRequest<{ Querystring: MatteQuery }>,
): Promise<{ body: Buffer; mask: MaskLayout | null }> {
  if (mediaType(request) !== MULTIPART) {
    const depth = isRaw(request) ? readMaskDepth(request.headers) : null;
    const body = request.body as Buffer;
    return { body, mask: depth && { bytes: body.length - readRawLayout(request.headers).bytes, depth, strokes: 0 } };
  }
  const { image, mask, strokes } = await readFormFiles(request);
  if (!mask) return { body: image, mask: null };
  refuseChoices(request.query);
  const layout = { bytes: mask.length, depth: null, strokes: strokes?.length ?? 0 };
  return { body: Buffer.concat(strokes ? [image, mask, strokes] : [image, mask]), mask: layout };
}

/** A mask says itself what the subject is. */
function refuseChoices({ region, subjects }: MatteQuery): void {
  if (region || subjects !== 'all')
    throw new AppError('BAD_REQUEST', 'A mask goes with neither "region" nor "subjects": it says what the subject is.');
}

function taskOf(request: FastifyRequest<{ Querystring: MatteQuery }>): MatteTask {
  const {
    'cutout-layer': cutoutLayer,
    'clipping-path': clippingPath,
    'path-tolerance': pathTolerance,
    'allow-damaged': allowDamaged,
    depth,
    region,
    point,
    trim,
    margin,
    size,
    fit,
    align,
    ...query
  } = request.query;
  return {
    ...query,
    layout: isRaw(request) ? readRawLayout(request.headers) : null,
    depth: depth === '16' ? 16 : 8,
    cutoutLayer: cutoutLayer === 'true',
    clippingPath: clippingPath === 'true',
    pathTolerance,
    allowDamaged: allowDamaged === 'true',
    framing: readFraming({ trim: trim === 'true', margin, size, fit, align }),
    region: region ? parseRegion(region) : null,
    point: point ? parsePoint(point) : null,
    type: chooseType(request, offerTypes(request)),
  };
}

/** @throws {AppError} BAD_REQUEST */
function checkFinish({ output, trim, shadow, ...words }: MatteQuery): void {
  const framing = readFraming({ ...words, trim: trim === 'true' });
  if ((framing || shadow > 0) && (output === DOCUMENT || output === PATH))
    throw new AppError('BAD_REQUEST', `"output=${output}" keeps the frame of the picture.`);
}

/** If the size is known in advance, an area outside the picture is refused before the upload. */
function checkPlaces(request: FastifyRequest<{ Querystring: MatteQuery }>): void {
  const { region, subjects, point } = request.query;
  if ((subjects === 'point') !== (point !== undefined))
    throw new AppError('BAD_REQUEST', 'The parameters "subjects=point" and "point" must be used together.');
  if (!isRaw(request)) return;
  const layout = readRawLayout(request.headers);
  if (readMaskDepth(request.headers)) refuseChoices(request.query);
  if (region) checkRegion(parseRegion(region), layout);
  if (point) checkPoint(parsePoint(point), layout);
}

/** Raw pixels are answered with raw pixels and pictures with PNG, unless the client asks otherwise. */
function offerTypes(request: FastifyRequest<{ Querystring: MatteQuery }>): string[] {
  if (request.query.output === DOCUMENT) return [DOCUMENT_TYPE];
  if (request.query.output === PATH) return [PATH_TYPE];
  return isRaw(request) ? [RAW_TYPE, 'image/png'] : ['image/png', RAW_TYPE];
}
