import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import Type, { type Static } from 'typebox';
import {
  type Depth,
  DOCUMENT,
  DOCUMENT_TYPE,
  ENCODED_TYPES,
  HEADERS,
  OUTPUTS,
  RAW_TYPE,
  REFINEMENTS,
  SUBJECTS,
} from '../../protocol/matte.ts';
import type { Admission } from '../admission.ts';
import { announceBytes, isRaw, mediaType, type RawLayout, readBody, readFormFile, readRawLayout } from '../body.ts';
import { AppError } from '../errors.ts';
import { encodeAlphaPng, encodePng, openEncoded, openRaw } from '../imaging/codec.ts';
import { parseColour } from '../imaging/colour.ts';
import type { AlphaPlane, Picture, Raster } from '../imaging/picture.ts';
import { encodePsd } from '../imaging/psd/document.ts';
import { composeOver, cutOut } from '../matting/composition.ts';
import { estimateForeground } from '../matting/foreground.ts';
import type { MatteService } from '../matting/service.ts';
import type { Metrics } from '../metrics.ts';
import { whenClosed } from '../when-closed.ts';
import { DESCRIBED } from './mattes-description.ts';

const DEPTHS = ['8', '16'] as const;
const ANSWERS = [...OUTPUTS, DOCUMENT] as const;
const SWITCH = ['true', 'false'] as const;

/** Of the picture's layer in a document: uploads have no name that could be trusted. */
const LAYER_NAME = 'Layer 0';

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
    // Text, so that only these two spellings pass: as a number, "08" and "8.0" would.
    depth: Type.Union(
      DEPTHS.map((depth) => Type.Literal(depth)),
      { default: '8' },
    ),
    background: Type.String({ default: 'white', maxLength: 64, description: 'A CSS colour, for `composition`.' }),
    'cutout-layer': Type.Union(
      SWITCH.map((value) => Type.Literal(value)),
      { default: 'false' },
    ),
  },
  { additionalProperties: false },
);
type Query = Static<typeof Query>;

const MULTIPART = 'multipart/form-data';
const ACCEPTED = new Set<string>([RAW_TYPE, MULTIPART, ...ENCODED_TYPES]);

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes this upload may bring, once admitted. */
    announced: number;
    place: Place | null;
  }
}

export function registerMattes(
  app: FastifyInstance,
  mattes: MatteService,
  admission: Admission,
  metrics: Metrics,
): void {
  app.decorateRequest('announced', 0);
  app.decorateRequest('place', null);

  app.addContentTypeParser([RAW_TYPE, ...ENCODED_TYPES], (request: FastifyRequest, payload: IncomingMessage) =>
    readBody(payload, request.announced, isRaw(request) || request.headers['content-length'] !== undefined),
  );

  app.post<{ Querystring: Query }>(
    '/v1/mattes',
    {
      schema: { summary: 'The matte of one picture', querystring: Query },
      config: { described: DESCRIBED },
      // Everything that can be refused is refused here, before a byte of the body is kept.
      onRequest: async (request, reply) => {
        if (!ACCEPTED.has(mediaType(request))) throw new AppError('UNSUPPORTED_TYPE');
        const validate = request.getValidationFunction('querystring');
        if (validate && !validate(request.query))
          throw new AppError('BAD_REQUEST', describeQuery(request.query, validate.errors));
        mattes.registry.resolve(request.query.model, request.query.subject);
        parseColour(request.query.background);
        chooseType(request);
        request.announced = announceBytes(request);
        const place = new Place(admission.enter(request.announced));
        request.place = place;
        whenClosed(reply, () => place.end());
      },
    },
    async (request, reply) => {
      const signal = abortOnClose(reply);
      request.place?.begin();
      try {
        return await answer(request, reply, signal);
      } finally {
        request.place?.end();
      }
    },
  );

  async function answer(request: FastifyRequest<{ Querystring: Query }>, reply: FastifyReply, signal: AbortSignal) {
    const picture = await readPicture(request);
    const { output, model, subject, refine } = request.query;
    const depth = depthOf(request.query);
    const matte = await mattes.matte(picture, { model, subject, refine, depth, signal });
    const began = performance.now();
    const type = chooseType(request);
    const { raster, body, headers = {} } = await render(picture, matte.alpha, request.query, type, signal);
    signal.throwIfAborted();
    const timings = { ...matte.timings, finish: performance.now() - began };
    metrics.matte(timings);
    reply
      .headers(headers)
      .header(HEADERS.width, raster.width)
      .header(HEADERS.height, raster.height)
      .header(HEADERS.channels, 'channels' in raster ? raster.channels : 1)
      .header(HEADERS.depth, output === 'alpha' ? depth : raster.data.BYTES_PER_ELEMENT * 8)
      .header(HEADERS.matteId, randomUUID())
      .header(HEADERS.model, matte.model)
      .header(HEADERS.provider, matte.provider)
      .header(
        'server-timing',
        Object.entries(timings)
          .map(([stage, ms]) => `${stage};dur=${ms.toFixed(1)}`)
          .concat(`runs;desc="${matte.runs}"`)
          .join(', '),
      );
    return reply.type(type).send(body);
  }
}

/** A place in the queue, kept until the answer is closed and the work for it, if it began, has ended. */
class Place {
  #holders = 1;
  readonly #leave: () => void;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  begin(): void {
    this.#holders++;
  }

  end(): void {
    if (--this.#holders === 0) this.#leave();
  }
}

async function readPicture(request: FastifyRequest): Promise<Picture> {
  if (mediaType(request) === MULTIPART) return openEncoded(await readFormFile(request));
  const body = request.body as Buffer;
  if (!isRaw(request)) return openEncoded(body);
  return openRaw(toRaster(body, readRawLayout(request.headers)));
}

function toRaster(body: Buffer, { width, height, channels, depth }: RawLayout): Raster {
  const data = depth === 8 ? body : new Uint16Array(body.buffer, body.byteOffset, body.length / 2);
  return { width, height, channels, data };
}

interface Rendered {
  raster: AlphaPlane | Raster;
  body: Buffer | Readable;
  headers?: Record<string, string | number>;
}

async function render(
  picture: Picture,
  alpha: AlphaPlane,
  query: Query,
  type: string,
  signal: AbortSignal,
): Promise<Rendered> {
  if (query.output === DOCUMENT) return renderDocument(picture, alpha, query, signal);
  const raster = await finish(picture, alpha, query);
  return { raster, body: type === RAW_TYPE ? bytesOf(raster.data) : await encode(raster) };
}

/** The document is written while it is sent, so that it never lies in memory as a whole. */
async function renderDocument(picture: Picture, alpha: AlphaPlane, query: Query, signal: AbortSignal) {
  const raster = await picture.readRaster(depthOf(query));
  const cutout = query['cutout-layer'] === 'true' ? estimateForeground(raster, alpha) : undefined;
  const document = { name: LAYER_NAME, picture: raster, alpha, cutout, dpi: picture.dpi };
  const { isLarge, bytes, chunks } = await encodePsd(document, signal);
  const headers = {
    'content-length': bytes,
    'content-disposition': `attachment; filename="matte.${isLarge ? 'psb' : 'psd'}"`,
  };
  return { raster, body: Readable.from(chunks, { objectMode: false }), headers };
}

async function finish(picture: Picture, alpha: AlphaPlane, query: Query): Promise<AlphaPlane | Raster> {
  if (query.output === 'alpha') return alpha;
  const raster = await picture.readRaster(depthOf(query));
  if (query.output === 'cutout') return cutOut(raster, alpha);
  const foreground = estimateForeground(raster, alpha);
  return query.output === 'foreground' ? foreground : composeOver(foreground, parseColour(query.background));
}

function encode(raster: AlphaPlane | Raster): Promise<Buffer> {
  return 'channels' in raster ? encodePng(raster) : encodeAlphaPng(raster);
}

function bytesOf(data: Uint8Array | Uint16Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Raw pixels are answered with raw pixels and pictures with PNG, unless the client says otherwise. */
function chooseType(request: FastifyRequest<{ Querystring: Query }>): string {
  const offered = offerTypes(request);
  const chosen = request.accepts().type(offered);
  if (typeof chosen !== 'string') throw new AppError('NOT_ACCEPTABLE');
  return chosen;
}

function offerTypes(request: FastifyRequest<{ Querystring: Query }>): string[] {
  if (request.query.output === DOCUMENT) return [DOCUMENT_TYPE];
  return isRaw(request) ? [RAW_TYPE, 'image/png'] : ['image/png', RAW_TYPE];
}

function abortOnClose(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenClosed(reply, () => {
    if (!reply.raw.writableFinished) controller.abort(new AppError('CANCELLED'));
  });
  return controller.signal;
}

function depthOf({ depth }: Query): Depth {
  return depth === '16' ? 16 : 8;
}

const CHOICES: Readonly<Record<string, readonly string[]>> = { output: ANSWERS, depth: DEPTHS, 'cutout-layer': SWITCH };

/** The first thing wrong with the query, in a sentence for people. */
function describeQuery(query: object, errors: FastifySchemaValidationError[] | null | undefined): string {
  const [error] = errors ?? [];
  if (error?.keyword === 'additionalProperties')
    return `The parameter "${error.params.additionalProperty}" is not known.`;
  const name = error?.instancePath.slice(1) ?? '';
  if (Array.isArray(Object.entries(query).find(([key]) => key === name)?.[1]))
    return `The parameter "${name}" may be given only once.`;
  if (error?.keyword === 'maxLength') return `The parameter "${name}" is longer than ${error.params.limit} characters.`;
  const choices = CHOICES[name] ?? DEPTHS;
  return `The parameter "${name}" must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}.`;
}
