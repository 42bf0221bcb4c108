import type { FastifySchema } from 'fastify';

import type { ErrorCode } from '../../../protocol/errors.ts';
import { DOCUMENT_TYPE, ENCODED_TYPES, HEADERS, JPEG_TYPE, PNG_TYPE, RAW_TYPE } from '../../../protocol/matte.ts';
import { EVERYWHERE, failures, JobSchema } from '../schemas.ts';

export const BINARY = { schema: { type: 'string', format: 'binary' } };

const number = (description: string, values?: readonly number[]) => ({
  type: 'integer',
  description,
  ...(values && { enum: values }),
});

/** Headers of every answer with pixels. */
const PIXEL_HEADERS = {
  [HEADERS.width]: number('Pixels.'),
  [HEADERS.height]: number('Pixels.'),
  [HEADERS.channels]: number('1 for `output=alpha`.', [1, 3, 4]),
  [HEADERS.depth]: number('Bits per sample.', [8, 16]),
  [HEADERS.matteId]: { type: 'string', format: 'uuid' },
  [HEADERS.model]: { type: 'string', description: 'Model that ran; several are joined by +.' },
  [HEADERS.provider]: { type: 'string', description: 'Execution provider that ran it.' },
  [HEADERS.subject]: {
    type: 'string',
    enum: ['found', 'none'],
    description: 'For a new matte: whether a subject was found.',
  },
  'server-timing': { type: 'string', description: 'Milliseconds by stage.' },
};

const ID = {
  type: 'object',
  properties: { id: { type: 'string', description: 'X-Matte-Id of an answer.' } },
  required: ['id'],
};

/** The body of `POST /v1/mattes/:id/edge` uses the schema that validates it. */
export function describeEdge(body: object): FastifySchema {
  return {
    params: ID,
    body,
    response: {
      200: {
        description: 'The kept matte with its edge changed; a smaller preview where `width` says so.',
        headers: PIXEL_HEADERS,
        content: { [PNG_TYPE]: BINARY, [RAW_TYPE]: BINARY, [JPEG_TYPE]: BINARY, [DOCUMENT_TYPE]: BINARY },
      },
      ...failures(...EVERYWHERE, 'BAD_REQUEST', 'MATTE_GONE', 'UNSUPPORTED_TYPE', 'NOT_ACCEPTABLE', 'QUEUE_FULL'),
    },
  };
}

export const DESCRIBED_DELETE: FastifySchema = {
  params: ID,
  response: {
    204: { description: 'The matte and its picture are no longer kept.', type: 'null' },
    ...failures(...EVERYWHERE, 'MATTE_GONE'),
  },
};

/** Errors of an encoded picture. */
export const MATTE_FAILURES = [
  'BAD_REQUEST',
  'EMPTY_BODY',
  'UNKNOWN_MODEL',
  'REQUEST_TIMEOUT',
  'IMAGE_TOO_LARGE',
  'BODY_TOO_LARGE',
  'NOT_AN_IMAGE',
  'UNSUPPORTED_TYPE',
  'TRUNCATED_IMAGE',
  'QUEUE_FULL',
  'SHUTTING_DOWN',
  'MODEL_DOWNLOADING',
  'WEIGHTS_MISSING',
  'WEIGHTS_CORRUPT',
  'DOWNLOAD_FAILED',
  'INFERENCE_FAILED',
  'DEADLINE_PASSED',
] as const satisfies readonly ErrorCode[];

/** For `GET /docs` only: the route validates body and headers, which a schema cannot fully describe. */
export const DESCRIBED: FastifySchema = {
  headers: {
    type: 'object',
    properties: {
      [HEADERS.width]: number('Pixels. Required for raw pixels.'),
      [HEADERS.height]: number('Pixels. Required for raw pixels.'),
      [HEADERS.channels]: number('Of raw pixels: RGB, or straight RGBA. Default 4.', [3, 4]),
      [HEADERS.depth]: number('Bits per sample of raw pixels. Default 8.', [8, 16]),
      prefer: {
        type: 'string',
        description:
          '`respond-async` answers 202 and a job; with `wait=N` the result itself if it is there within N seconds. `wait=N` alone is a deadline.',
      },
    },
  },
  body: {
    content: {
      ...Object.fromEntries(ENCODED_TYPES.map((type) => [type, BINARY])),
      [RAW_TYPE]: BINARY,
      'multipart/form-data': {
        schema: { type: 'object', properties: { image: { type: 'string', format: 'binary' } }, required: ['image'] },
      },
    },
  },
  response: {
    200: {
      description: 'The matte, or the picture with it. Raw pixels are answered with raw pixels unless Accept differs.',
      headers: PIXEL_HEADERS,
      content: { 'image/png': BINARY, [RAW_TYPE]: BINARY, [DOCUMENT_TYPE]: BINARY },
    },
    202: {
      description: 'With `Prefer: respond-async`: the picture is now a job, at the address in Location.',
      headers: { location: { type: 'string', description: '/v1/jobs/:id' } },
      ...JobSchema,
    },
    ...failures(...EVERYWHERE, ...MATTE_FAILURES, 'INVALID_SIZE', 'SIZE_MISMATCH', 'NOT_ACCEPTABLE'),
  },
};
