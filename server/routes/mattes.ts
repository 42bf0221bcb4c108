import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import Type, { type Static } from 'typebox';
import { ENCODED_TYPES, FOREGROUND_METHODS, HEADERS, OUTPUTS, RAW_TYPE, SUBJECTS } from '../../protocol/matte.ts';
import { type Admission, Place } from '../admission.ts';
import { announceBytes, isRaw, mediaType, type RawLayout, readBody, readFormFile, readRawLayout } from '../body.ts';
import { AppError } from '../errors.ts';
import { openEncoded, openRaw } from '../imaging/codec.ts';
import { parseColour } from '../imaging/colour.ts';
import type { Picture, Raster } from '../imaging/picture.ts';
import { toPlane16 } from '../matting/edge/plane.ts';
import type { MatteCache } from '../matting/matte-cache.ts';
import { makeOutput } from '../matting/outputs.ts';
import type { MatteService } from '../matting/service.ts';
import { whenClosed } from '../when-closed.ts';
import { abortOnClose, chooseType, describePixels, formatTimings } from './answer.ts';

const DEPTHS = ['8', '16'] as const;

const Query = Type.Object(
  {
    model: Type.String({ default: 'auto', maxLength: 64 }),
    subject: Type.Union(
      SUBJECTS.map((subject) => Type.Literal(subject)),
      { default: 'portrait' },
    ),
    output: Type.Union(
      OUTPUTS.map((output) => Type.Literal(output)),
      { default: 'alpha' },
    ),
    // Text, so that only these two spellings pass: as a number, "08" and "8.0" would.
    depth: Type.Union(
      DEPTHS.map((depth) => Type.Literal(depth)),
      { default: '8' },
    ),
    background: Type.String({ default: 'white', maxLength: 64 }),
    foreground: Type.Union(
      FOREGROUND_METHODS.map((method) => Type.Literal(method)),
      { default: 'best' },
    ),
    decontaminate: Type.Number({ default: 1, minimum: 0, maximum: 1 }),
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
): void {
  app.decorateRequest('announced', 0);
  app.decorateRequest('place', null);

  app.addContentTypeParser([RAW_TYPE, ...ENCODED_TYPES], (request: FastifyRequest, payload: IncomingMessage) =>
    readBody(payload, request.announced, isRaw(request) || request.headers['content-length'] !== undefined),
  );

  app.post<{ Querystring: Query }>(
    '/v1/mattes',
    {
      schema: { querystring: Query },
      // Everything that can be refused is refused here, before a byte of the body is kept.
      onRequest: async (request, reply) => {
        if (!ACCEPTED.has(mediaType(request))) throw new AppError('UNSUPPORTED_TYPE');
        const validate = request.getValidationFunction('querystring');
        if (validate && !validate(request.query))
          throw new AppError('BAD_REQUEST', describeQuery(request.query, validate.errors));
        mattes.registry.resolve(request.query.model, request.query.subject);
        parseColour(request.query.background);
        chooseType(request, usualType(request));
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
    const { output, model, subject, depth, background, foreground, decontaminate } = request.query;
    // Always 16 bits: edge controls start from them, and rounding them to 8 gives what rounding once would.
    const matte = await mattes.matte(picture, { model, subject, depth: 16, signal });
    const alpha = toPlane16(matte.alpha);
    const began = performance.now();
    const pixels = await makeOutput(
      { alpha, shown: alpha, readColours: (wanted) => picture.readRaster(wanted) },
      {
        output,
        depth: depth === '16' ? 16 : 8,
        method: foreground,
        decontaminate,
        background: parseColour(background),
        signal,
      },
    );
    signal.throwIfAborted();
    const body = await describePixels(reply, pixels, chooseType(request, usualType(request)));
    signal.throwIfAborted();
    const id = kept.add({ alpha, picture, model: matte.model, provider: matte.provider }, bytes);
    reply
      .header(HEADERS.matteId, id)
      .header(HEADERS.model, matte.model)
      .header(HEADERS.provider, matte.provider)
      .header('server-timing', formatTimings({ ...matte.timings, finish: performance.now() - began }));
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

/** Raw pixels are answered with raw pixels and pictures with PNG, unless the client says otherwise. */
function usualType(request: FastifyRequest): typeof RAW_TYPE | 'image/png' {
  return isRaw(request) ? RAW_TYPE : 'image/png';
}

const CHOICES: Record<string, readonly string[]> = {
  output: OUTPUTS,
  depth: DEPTHS,
  subject: SUBJECTS,
  foreground: FOREGROUND_METHODS,
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
  const choices = CHOICES[name] ?? [];
  return `The parameter "${name}" must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}.`;
}
