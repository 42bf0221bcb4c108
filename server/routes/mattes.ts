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
  FOREGROUND_METHODS,
  HEADERS,
  OUTPUTS,
  RAW_TYPE,
  REFINEMENTS,
  SUBJECTS,
} from '../../protocol/matte.ts';
import { type Admission, Place } from '../admission.ts';
import { announceBytes, isRaw, mediaType, type RawLayout, readBody, readFormFile, readRawLayout } from '../body.ts';
import { AppError } from '../errors.ts';
import { openEncoded, openRaw } from '../imaging/codec.ts';
import { parseColour } from '../imaging/colour.ts';
import type { AlphaPlane, Picture, Raster } from '../imaging/picture.ts';
import { encodePsd } from '../imaging/psd/document.ts';
import { type Plane16, toEightBits, toPlane16 } from '../matting/edge/plane.ts';
import { estimateForeground } from '../matting/foreground/estimate-foreground.ts';
import type { MatteCache } from '../matting/matte-cache.ts';
import { makeOutput } from '../matting/outputs.ts';
import type { MatteService } from '../matting/service.ts';
import type { Metrics } from '../metrics.ts';
import { whenClosed } from '../when-closed.ts';
import { abortOnClose, chooseType, describePixels, encodePixels, formatTimings } from './answer.ts';
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
    foreground: Type.Union(
      FOREGROUND_METHODS.map((method) => Type.Literal(method)),
      { default: 'best' },
    ),
    decontaminate: Type.Number({ default: 1, minimum: 0, maximum: 1 }),
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
  kept: MatteCache,
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
        mattes.checkModel(request.query.model, request.query.subject);
        parseColour(request.query.background);
        chooseType(request, offerTypes(request));
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
    const { picture, bytes } = await readPicture(request);
    const { model, subject, refine } = request.query;
    // Always 16 bits: edge controls start from them, and rounding them to 8 gives what rounding once would.
    const matte = await mattes.matte(picture, { model, subject, refine, depth: 16, signal });
    const alpha = toPlane16(matte.alpha);
    const began = performance.now();
    const { pixels, body, headers } = await render(picture, alpha, request, signal);
    signal.throwIfAborted();
    const id = kept.add({ alpha, picture, model: matte.model, provider: matte.provider }, bytes);
    const timings = { ...matte.timings, finish: performance.now() - began };
    metrics.matte(timings);
    reply
      .type(chooseType(request, offerTypes(request)))
      .headers({ ...describePixels(pixels), ...headers })
      .header(HEADERS.matteId, id)
      .header(HEADERS.model, matte.model)
      .header(HEADERS.provider, matte.provider)
      .header('server-timing', `${formatTimings(timings)}, runs;desc="${matte.runs}"`);
    return reply.send(body);
  }
}

/** The picture, and the bytes that it holds on to. */
async function readPicture(request: FastifyRequest): Promise<{ picture: Picture; bytes: number }> {
  const body = mediaType(request) === MULTIPART ? await readFormFile(request) : (request.body as Buffer);
  const picture = isRaw(request) ? openRaw(toRaster(body, readRawLayout(request.headers))) : await openEncoded(body);
  return { picture, bytes: body.byteLength };
}

function toRaster(body: Buffer, { width, height, channels, depth }: RawLayout): Raster {
  const data = depth === 8 ? body : new Uint16Array(body.buffer, body.byteOffset, body.length / 2);
  return { width, height, channels, data };
}

interface Rendered {
  pixels: AlphaPlane | Raster;
  body: Buffer | Readable;
  headers?: Record<string, string | number>;
}

async function render(
  picture: Picture,
  alpha: Plane16,
  request: FastifyRequest<{ Querystring: Query }>,
  signal: AbortSignal,
): Promise<Rendered> {
  const { output, foreground: method, decontaminate, background } = request.query;
  if (output === DOCUMENT) return renderDocument(picture, alpha, request.query, signal);
  const pixels = await makeOutput(
    { alpha, shown: alpha, readColours: (depth) => picture.readRaster(depth) },
    { output, depth: depthOf(request.query), method, decontaminate, background: parseColour(background), signal },
  );
  signal.throwIfAborted();
  return { pixels, body: await encodePixels(pixels, chooseType(request, offerTypes(request))) };
}

/** The document is written while it is sent, so that it never lies in memory as a whole. */
async function renderDocument(picture: Picture, kept: Plane16, query: Query, signal: AbortSignal): Promise<Rendered> {
  const depth = depthOf(query);
  const pixels = await picture.readRaster(depth);
  const alpha = depth === 16 ? kept : toEightBits(kept);
  const options = { method: query.foreground, signal };
  const cutout = query['cutout-layer'] === 'true' ? await estimateForeground(pixels, kept, options) : undefined;
  const document = { name: LAYER_NAME, picture: pixels, alpha, cutout, dpi: picture.dpi };
  const { isLarge, bytes, chunks } = await encodePsd(document, signal);
  const headers = {
    'content-length': bytes,
    'content-disposition': `attachment; filename="matte.${isLarge ? 'psb' : 'psd'}"`,
  };
  return { pixels, body: Readable.from(chunks, { objectMode: false }), headers };
}

/** Raw pixels are answered with raw pixels and pictures with PNG, unless the client says otherwise. */
function offerTypes(request: FastifyRequest<{ Querystring: Query }>): string[] {
  if (request.query.output === DOCUMENT) return [DOCUMENT_TYPE];
  return isRaw(request) ? [RAW_TYPE, 'image/png'] : ['image/png', RAW_TYPE];
}

function depthOf({ depth }: Query): Depth {
  return depth === '16' ? 16 : 8;
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  output: ANSWERS,
  depth: DEPTHS,
  subject: SUBJECTS,
  refine: REFINEMENTS,
  foreground: FOREGROUND_METHODS,
  'cutout-layer': SWITCH,
};

/** The first thing wrong with the query, in a sentence for people. */
function describeQuery(query: object, errors: FastifySchemaValidationError[] | null | undefined): string {
  const [error] = errors ?? [];
  if (error?.keyword === 'additionalProperties')
    return `The parameter "${error.params.additionalProperty}" is not known.`;
  const name = error?.instancePath.slice(1) ?? '';
  if (Array.isArray(Object.entries(query).find(([key]) => key === name)?.[1]))
    return `The parameter "${name}" may be given only once.`;
  if (error?.keyword === 'maxLength') return `The parameter "${name}" is longer than ${error.params.limit} characters.`;
  if (name === 'decontaminate') return 'The parameter "decontaminate" must be a number from 0 to 1.';
  const choices = CHOICES[name] ?? DEPTHS;
  return `The parameter "${name}" must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}.`;
}
