import type { FastifyRequest } from 'fastify';
import { MAX_ENCODED_BYTES } from '../../protocol/limits.ts';
import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import { checkSize } from '../imaging/check-size.ts';
import type { RawLayout } from '../imaging/picture.ts';
import { mismatch, readStream, uploadFailure } from '../system/read-stream.ts';

/**
 * Reads the size headers of a raw upload.
 * @throws {AppError} INVALID_SIZE, IMAGE_TOO_LARGE, BAD_REQUEST
 */
export function readRawLayout(headers: FastifyRequest['headers']): RawLayout {
  const number = (name: string, fallback?: number) => {
    const value = headers[name];
    if (value === undefined && fallback !== undefined) return fallback;
    return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  };
  const width = number(HEADERS.width);
  const height = number(HEADERS.height);
  checkSize(width, height);
  const channels = number(HEADERS.channels, 4);
  if (channels !== 3 && channels !== 4)
    throw new AppError('BAD_REQUEST', 'X-Image-Channels must be 3 (RGB) or 4 (RGBA).');
  const depth = number(HEADERS.depth, 8);
  if (depth !== 8 && depth !== 16) throw new AppError('BAD_REQUEST', 'X-Image-Depth must be 8 or 16.');
  return { width, height, channels, depth, bytes: width * height * channels * (depth / 8) };
}

/**
 * Bits per sample of the mask after the raw pixels; null for none.
 * @throws {AppError} BAD_REQUEST
 */
export function readMaskDepth(headers: FastifyRequest['headers']): 8 | 16 | null {
  const value = headers[HEADERS.mask];
  if (value === undefined) return null;
  if (value !== '8' && value !== '16') throw new AppError('BAD_REQUEST', 'X-Image-Mask must be 8 or 16.');
  return value === '8' ? 8 : 16;
}

/**
 * The announced body size, checked against the limits before anything is read.
 * @throws {AppError} BODY_TOO_LARGE, SIZE_MISMATCH, EMPTY_BODY and those of `readRawLayout`
 */
export function announceBytes(request: FastifyRequest): number {
  const header = request.headers['content-length'];
  const length = header === undefined ? undefined : Number(header);
  if (length === 0) throw new AppError('EMPTY_BODY');
  if (isRaw(request)) {
    const { width, height, bytes: pixels } = readRawLayout(request.headers);
    const bytes = pixels + (width * height * (readMaskDepth(request.headers) ?? 0)) / 8;
    if (length !== undefined && length !== bytes) throw new AppError('SIZE_MISMATCH', mismatch(bytes, length));
    return bytes;
  }
  if (length === undefined) return CHUNKED_BYTES;
  if (length > MAX_ENCODED_BYTES) throw new AppError('BODY_TOO_LARGE');
  return length;
}

/** Limit of an upload without a Content-Length: more than any real photograph needs. */
const CHUNKED_BYTES = 128 * 1024 * 1024;

export function isRaw(request: FastifyRequest): boolean {
  return mediaType(request) === RAW_TYPE;
}

export function mediaType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

export interface FormFiles {
  image: Buffer;
  mask: Buffer | null;
  strokes: Buffer | null;
}

/**
 * The picture of a form, and the mask and strokes of the fields so called. The picture is the first file of any other field;
 * further files are ignored.
 * @throws {AppError} EMPTY_BODY, BAD_REQUEST, BODY_TOO_LARGE, CANCELLED
 */
export async function readFormFiles(request: FastifyRequest): Promise<FormFiles> {
  const found: { [field in keyof FormFiles]: Buffer | null } = { image: null, mask: null, strokes: null };
  let left = request.announced;
  // One byte more than allowed: the parser truncates silently at its limit.
  const limits = { fileSize: left + 1, files: 8, fields: 16, fieldSize: 4096 };
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type !== 'file') continue;
      const field = part.fieldname === 'mask' || part.fieldname === 'strokes' ? part.fieldname : 'image';
      if (found[field]) {
        part.file.resume();
        continue;
      }
      found[field] = await readStream(part.file, left, false);
      left -= found[field].length;
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : uploadFailure(cause as Error);
  }
  const { image, mask, strokes } = found;
  if (!image) throw new AppError('EMPTY_BODY', 'The form contains no file.');
  if (strokes && !mask) throw new AppError('BAD_REQUEST', 'Strokes correct a mask: send one in the field "mask".');
  return { image, mask, strokes };
}

export interface Form {
  /** The first file, whatever the name of its field. */
  file: Buffer | null;
  /** When a field is repeated, the last one counts. */
  fields: Record<string, string>;
}

/**
 * A whole form: fields may precede and follow its file.
 * @throws {AppError} EMPTY_BODY, BAD_REQUEST, BODY_TOO_LARGE, CANCELLED
 */
export async function readForm(request: FastifyRequest): Promise<Form> {
  const form: Form = { file: null, fields: Object.create(null) };
  const limits = { fileSize: request.announced + 1, files: 1, fields: 32, fieldSize: 8192 };
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'file') form.file = await readStream(part.file, request.announced, false);
      else if (part.valueTruncated || part.fieldnameTruncated)
        throw new AppError('BAD_REQUEST', `The field "${part.fieldname}" of the form is too long.`);
      else form.fields[part.fieldname] = String(part.value);
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : uploadFailure(cause as Error);
  }
  return form;
}
