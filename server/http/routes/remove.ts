import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { MAX_URL_BYTES } from '../../../protocol/limits.ts';
import { HEADERS } from '../../../protocol/matte.ts';
import { RemoveFields, RemoveForm, RemoveQuery, RemoveUrlQuery } from '../../../protocol/schemas/remove.ts';
import { clientOf } from '../../access/client-id.ts';
import type { Answer, Engine, WorkOptions } from '../../engine/engine.ts';
import { AppError } from '../../errors.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { type Admission, Place } from '../admission.ts';
import { announceBytes, mediaType, readForm } from '../body.ts';
import { EVERYWHERE, failures } from '../failures.ts';
import type { Metrics } from '../metrics.ts';
import { whenClosed } from '../when-closed.ts';
import { abortOnClose } from './answer.ts';
import { BINARY, MATTE_FAILURES } from './mattes-description.ts';
import { perform } from './perform.ts';
import { type RemoveOptions, readRemoveOptions } from './remove-options.ts';

export interface RemoveDependencies {
  engine: Engine;
  admission: Admission;
  jobs: Jobs;
  metrics: Metrics;
  fetchUrl: (url: string, signal: AbortSignal) => Promise<Buffer>;
}

const PATH = '/api/remove';
const MULTIPART = 'multipart/form-data';
const JSON_TYPE = 'application/json';
const FIELDS = 'application/x-www-form-urlencoded';

/** Bytes of a body with parameters and a URL, but no picture. */
const BODY_LIMIT = 16 * 1024;

/** As rembg answers. */
const INHERITED = { profile: 'srgb', metadata: 'none' } as const;

/** Equivalent of rembg's `ppm`: the mask is smoothed, then thresholded at one half. */
const HARD = { feather: 2, contrast: 100 };

type Parameters = Record<string, unknown>;

/** rembg's HTTP interface, so that rembg clients can use this server. */
export async function registerRemove(app: FastifyInstance, dependencies: RemoveDependencies): Promise<void> {
  const { engine, admission, jobs, metrics, fetchUrl } = dependencies;

  // In its own scope: no other route accepts form fields.
  await app.register(async (scope) => {
    const parseJson = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser(JSON_TYPE, { parseAs: 'string', bodyLimit: BODY_LIMIT }, parseJson);
    scope.addContentTypeParser(
      FIELDS,
      { parseAs: 'string', bodyLimit: BODY_LIMIT },
      async (_: FastifyRequest, text: string) => Object.fromEntries(new URLSearchParams(text)),
    );

    scope.get<{ Querystring: Parameters }>(
      PATH,
      {
        // No HEAD: it would do all the work.
        exposeHeadRoute: false,
        config: { described: DESCRIBED_GET },
        onRequest: async (request, reply) => {
          refuseOldBrowser(request);
          if (check(request.query).url === null) throw new AppError('BAD_REQUEST', 'The parameter "url" is missing.');
          admit(request, reply, MAX_URL_BYTES);
        },
      },
      (request, reply) =>
        answer(request, reply.header('cache-control', 'no-store'), async () => ({ file: null, fields: {} })),
    );

    scope.post<{ Querystring: Parameters }>(
      PATH,
      {
        config: { described: DESCRIBED_POST },
        onRequest: async (request, reply) => {
          if (![MULTIPART, JSON_TYPE, FIELDS].includes(mediaType(request))) throw new AppError('UNSUPPORTED_TYPE');
          check(request.query);
          request.announced = announceBytes(request);
          // A URL may be sent instead of a picture.
          admit(request, reply, Math.max(request.announced, MAX_URL_BYTES));
        },
      },
      (request, reply) => answer(request, reply, () => readParameters(request)),
    );
  });

  function check(parameters: Parameters): RemoveOptions {
    const options = readRemoveOptions(parameters);
    engine.checkModel(options.model, options.subject);
    return options;
  }

  function admit(request: FastifyRequest, reply: FastifyReply, bytes: number): void {
    const place = new Place(admission.enter(bytes, clientOf(request)));
    request.place = place;
    whenClosed(reply, () => place.end());
  }

  async function answer(
    request: FastifyRequest<{ Querystring: Parameters }>,
    reply: FastifyReply,
    read: () => Promise<{ file: Buffer | null; fields: Parameters }>,
  ) {
    const signal = abortOnClose(reply);
    const place = request.place!;
    place.begin();
    try {
      const { file, fields } = await read();
      const options = check({ ...request.query, ...fields });
      const picture = file ?? (options.url === null ? null : await fetchUrl(options.url, signal));
      if (!picture) throw new AppError('EMPTY_BODY', 'The request has neither a "file" nor a "url" field.');
      const work = (how: WorkOptions) => remove(options, picture, how);
      await perform(request, reply, { jobs, place, signal, work });
    } finally {
      place.end();
    }
    return reply;
  }

  async function remove(options: RemoveOptions, picture: Buffer, how: WorkOptions): Promise<Answer> {
    const { model, subject, output, background, decontaminate, hard } = options;
    const type = 'image/png';
    const wanted = { output, background, decontaminate, foreground: 'best', depth: 8, ...INHERITED } as const;
    const first = hard ? ({ ...wanted, output: 'alpha' } as const) : wanted;
    const whole = { region: null, subjects: 'all', point: null, enhance: 'auto' } as const;
    const task = {
      ...first,
      ...whole,
      layout: null,
      model,
      subject,
      refine: 'best',
      cutoutLayer: false,
      type,
    } as const;
    const matte = await engine.matte(task, picture, how);
    metrics.matte(matte.timings);
    if (!hard) return matte;
    return engine.edge({ id: String(matte.headers[HEADERS.matteId]), settings: { ...wanted, ...HARD }, type }, how);
  }
}

/**
 * Browsers that do not send Sec-Fetch-Site: any page could trigger the request as an image. All browsers send a Mozilla
 * User-Agent, and no page can change that; programs do not send it.
 */
function refuseOldBrowser({ headers }: FastifyRequest): void {
  const isBrowser = /^\s*mozilla\//i.test(headers['user-agent'] ?? '');
  if (isBrowser && headers['sec-fetch-site'] === undefined) throw new AppError('FORBIDDEN_ORIGIN');
}

async function readParameters(request: FastifyRequest): Promise<{ file: Buffer | null; fields: Parameters }> {
  if (mediaType(request) === MULTIPART) return readForm(request);
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new AppError('BAD_REQUEST', 'The body must be an object with known settings only.');
  return { file: null, fields: body as Parameters };
}

const ANSWERS = {
  200: { description: 'The cutout, or the output that `om` and `bgc` select.', content: { 'image/png': BINARY } },
  ...failures(...EVERYWHERE, ...MATTE_FAILURES, 'URL_REFUSED', 'URL_FAILED'),
};

const DESCRIBED_GET: FastifySchema = {
  summary: 'Cut out a picture from a URL, as rembg does',
  querystring: RemoveUrlQuery,
  response: ANSWERS,
};

const DESCRIBED_POST: FastifySchema = {
  summary: 'Cut out a picture, as rembg does',
  querystring: RemoveQuery,
  body: {
    content: {
      [MULTIPART]: { schema: RemoveForm },
      [FIELDS]: { schema: RemoveFields },
      [JSON_TYPE]: { schema: RemoveFields },
    },
  },
  response: ANSWERS,
};
