import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import Type, { type Static } from 'typebox';
import {
  DOCUMENT,
  DOCUMENT_TYPE,
  ENCODED_TYPES,
  ENHANCEMENTS,
  FOREGROUND_METHODS,
  KEPT,
  OUTPUTS,
  POINT_PATTERN,
  RAW_TYPE,
  REFINEMENTS,
  REGION_PATTERN,
  SUBJECTS,
} from '../../../protocol/matte.ts';
import { clientOf } from '../../access/client-id.ts';
import type { Engine, MatteTask, WorkOptions } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
import { checkPoint, checkRegion, parsePoint, parseRegion } from '../../imaging/area.ts';
import { parseBackground } from '../../imaging/colour.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { readStream } from '../../system/read-stream.ts';
import { type Admission, Place } from '../admission.ts';
import { announceBytes, isRaw, mediaType, readFormFile, readRawLayout } from '../body.ts';
import type { Metrics } from '../metrics.ts';
import { whenClosed } from '../when-closed.ts';
import { abortOnClose, chooseType } from './answer.ts';
import { DESCRIBED } from './mattes-description.ts';
import { perform } from './perform.ts';

const DEPTHS = ['8', '16'] as const;
const ANSWERS = [...OUTPUTS, DOCUMENT] as const;
const SWITCH = ['true', 'false'] as const;

const Query = Type.Object(
  {
    model: Type.String({ default: 'auto', maxLength: 64, description: 'An id of `GET /v1/models`, or `auto`.' }),
    subject: Type.Union(
      SUBJECTS.map((subject) => Type.Literal(subject)),
      { default: 'portrait' },
    ),
    refine: Type.Union(
      REFINEMENTS.map((refine) => Type.Literal(refine)),
      { default: 'best' },
    ),
    output: Type.Union(
      ANSWERS.map((output) => Type.Literal(output)),
      { default: 'alpha' },
    ),
    // A string, so that only these two spellings are valid: as a number, "08" and "8.0" would be too.
    depth: Type.Union(
      DEPTHS.map((depth) => Type.Literal(depth)),
      { default: '8' },
    ),
    background: Type.String({
      default: 'white',
      maxLength: 64,
      description: 'A CSS color or `checker`, for `composition`.',
    }),
    foreground: Type.Union(
      FOREGROUND_METHODS.map((method) => Type.Literal(method)),
      { default: 'best' },
    ),
    decontaminate: Type.Number({ default: 1, minimum: 0, maximum: 1 }),
    'cutout-layer': Type.Union(
      SWITCH.map((value) => Type.Literal(value)),
      { default: 'false' },
    ),
    'allow-damaged': Type.Union(
      SWITCH.map((value) => Type.Literal(value)),
      { default: 'false', description: 'Takes what can be read of a damaged file.' },
    ),
    region: Type.Optional(
      Type.String({
        pattern: REGION_PATTERN,
        description: '`left,top,width,height` in pixels; the matte is empty outside.',
      }),
    ),
    subjects: Type.Union(
      KEPT.map((kept) => Type.Literal(kept)),
      { default: 'all' },
    ),
    point: Type.Optional(
      Type.String({ pattern: POINT_PATTERN, description: '`x,y` in pixels, for `subjects=point`.' }),
    ),
    enhance: Type.Union(
      ENHANCEMENTS.map((enhance) => Type.Literal(enhance)),
      { default: 'auto' },
    ),
  },
  { additionalProperties: false },
);
type Query = Static<typeof Query>;

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

  app.post<{ Querystring: Query }>(
    '/v1/mattes',
    {
      schema: { summary: 'The matte of one picture', querystring: Query },
      config: { described: DESCRIBED },
      // Everything that can be refused is refused here, before a byte of the body is read.
      onRequest: async (request, reply) => {
        if (!ACCEPTED.has(mediaType(request))) throw new AppError('UNSUPPORTED_TYPE');
        const validate = request.getValidationFunction('querystring');
        if (validate && !validate(request.query))
          throw new AppError('BAD_REQUEST', describeQuery(request.query, validate.errors));
        engine.checkModel(request.query.model, request.query.subject);
        parseBackground(request.query.background);
        checkPlaces(request);
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
        const body = mediaType(request) === MULTIPART ? await readFormFile(request) : (request.body as Buffer);
        const task = taskOf(request);
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

function taskOf(request: FastifyRequest<{ Querystring: Query }>): MatteTask {
  const { 'cutout-layer': cutoutLayer, 'allow-damaged': allowDamaged, depth, region, point, ...query } = request.query;
  return {
    ...query,
    layout: isRaw(request) ? readRawLayout(request.headers) : null,
    depth: depth === '16' ? 16 : 8,
    cutoutLayer: cutoutLayer === 'true',
    allowDamaged: allowDamaged === 'true',
    region: region ? parseRegion(region) : null,
    point: point ? parsePoint(point) : null,
    type: chooseType(request, offerTypes(request)),
  };
}

/** If the size is known in advance, an area outside the picture is refused before the upload. */
function checkPlaces(request: FastifyRequest<{ Querystring: Query }>): void {
  const { region, subjects, point } = request.query;
  if ((subjects === 'point') !== (point !== undefined))
    throw new AppError('BAD_REQUEST', 'The parameters "subjects=point" and "point" must be used together.');
  if (!isRaw(request)) return;
  const layout = readRawLayout(request.headers);
  if (region) checkRegion(parseRegion(region), layout);
  if (point) checkPoint(parsePoint(point), layout);
}

/** Raw pixels are answered with raw pixels and pictures with PNG, unless the client asks otherwise. */
function offerTypes(request: FastifyRequest<{ Querystring: Query }>): string[] {
  if (request.query.output === DOCUMENT) return [DOCUMENT_TYPE];
  return isRaw(request) ? [RAW_TYPE, 'image/png'] : ['image/png', RAW_TYPE];
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  output: ANSWERS,
  depth: DEPTHS,
  subject: SUBJECTS,
  refine: REFINEMENTS,
  foreground: FOREGROUND_METHODS,
  'cutout-layer': SWITCH,
  'allow-damaged': SWITCH,
  subjects: KEPT,
  enhance: ENHANCEMENTS,
};

const SHAPES: Readonly<Record<string, string>> = {
  decontaminate: 'a number from 0 to 1',
  region: '"left,top,width,height" in whole pixels, like "100,50,800,600"',
  point: '"x,y" in whole pixels, like "640,360"',
};

/** The first error of the query, as a sentence. */
function describeQuery(query: object, errors: FastifySchemaValidationError[] | null | undefined): string {
  const [error] = errors ?? [];
  if (error?.keyword === 'additionalProperties')
    return `The parameter "${error.params.additionalProperty}" is not known.`;
  const name = error?.instancePath.slice(1) ?? '';
  if (Array.isArray(Object.entries(query).find(([key]) => key === name)?.[1]))
    return `The parameter "${name}" may be given only once.`;
  if (error?.keyword === 'maxLength') return `The parameter "${name}" is longer than ${error.params.limit} characters.`;
  if (SHAPES[name]) return `The parameter "${name}" must be ${SHAPES[name]}.`;
  const choices = CHOICES[name] ?? DEPTHS;
  return `The parameter "${name}" must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}.`;
}
