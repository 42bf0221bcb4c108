import type { FastifySchema } from 'fastify';

import type { ErrorCode } from '../../../protocol/errors.ts';
import { DOCUMENT_TYPE, ENCODED_TYPES, JPEG_TYPE, PATH_TYPE, PNG_TYPE, RAW_TYPE } from '../../../protocol/matte.ts';
import { EdgeRequest } from '../../../protocol/schemas/edge.ts';
import { JobInfo } from '../../../protocol/schemas/job.ts';
import { MatteForm, MatteHeaders, MatteId, PixelHeaders } from '../../../protocol/schemas/matte.ts';
import { ClippingPath } from '../../../protocol/schemas/path.ts';
import { EVERYWHERE, failures } from '../failures.ts';

export const BINARY = { schema: { type: 'string', format: 'binary' } };

export const DESCRIBED_EDGE: FastifySchema = {
  params: MatteId,
  body: EdgeRequest,
  response: {
    200: {
      description: 'The kept matte with its edge changed; a smaller preview where `width` says so.',
      headers: PixelHeaders.properties,
      content: {
        [PNG_TYPE]: BINARY,
        [RAW_TYPE]: BINARY,
        [JPEG_TYPE]: BINARY,
        [DOCUMENT_TYPE]: BINARY,
        [PATH_TYPE]: { schema: ClippingPath },
      },
    },
    ...failures(
      ...EVERYWHERE,
      'BAD_REQUEST',
      'MATTE_GONE',
      'UNSUPPORTED_TYPE',
      'NOT_ACCEPTABLE',
      'QUEUE_FULL',
      'QUEUE_UNREACHABLE',
    ),
  },
};

export const DESCRIBED_DELETE: FastifySchema = {
  params: MatteId,
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
  'QUEUE_UNREACHABLE',
  'QUEUE_TAMPERED',
  'NO_WORKERS',
] as const satisfies readonly ErrorCode[];

/** For `GET /docs` only: the route validates body and headers, which a schema cannot fully describe. */
export const DESCRIBED: FastifySchema = {
  headers: MatteHeaders,
  body: {
    content: {
      ...Object.fromEntries(ENCODED_TYPES.map((type) => [type, BINARY])),
      [RAW_TYPE]: BINARY,
      'multipart/form-data': { schema: MatteForm },
    },
  },
  response: {
    200: {
      description: 'The matte, or the picture with it. Raw pixels are answered with raw pixels unless Accept differs.',
      headers: PixelHeaders.properties,
      content: {
        'image/png': BINARY,
        [RAW_TYPE]: BINARY,
        [DOCUMENT_TYPE]: BINARY,
        [PATH_TYPE]: { schema: ClippingPath },
      },
    },
    202: {
      description: 'With `Prefer: respond-async`: the picture is now a job, at the address in Location.',
      headers: { location: { type: 'string', description: '/v1/jobs/:id' } },
      ...JobInfo,
    },
    ...failures(...EVERYWHERE, ...MATTE_FAILURES, 'INVALID_SIZE', 'SIZE_MISMATCH', 'NOT_ACCEPTABLE'),
  },
};
