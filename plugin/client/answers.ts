import { RETRY_AFTER_SECONDS } from '../../protocol/errors.ts';
import { type Depth, HEADERS } from '../../protocol/matte.ts';
import { PluginError, ServerError } from '../errors.ts';
import type { Alpha, Pixels } from '../picture.ts';
import { type HttpAnswer, isArrayBuffer, parseJson } from './exchange.ts';
import { isRecord } from './server-finder.ts';

export function toAlpha(answer: HttpAnswer): Alpha {
  return toSamples(answer, 1);
}

export function toPixels(answer: HttpAnswer): Pixels {
  return { ...toSamples(answer, 4), channels: 4 };
}

/** Believes nothing but the bytes: pixels of the wrong size must never reach the document. */
function toSamples(answer: HttpAnswer, channels: number) {
  const depth = Number(answer.header(HEADERS.depth));
  const width = Number(answer.header(HEADERS.width));
  const height = Number(answer.header(HEADERS.height));
  const { body } = answer;
  if (!isArrayBuffer(body)) throw new PluginError('BAD_ANSWER', {}, 'The answer came as text, not bytes');
  if (!isDepth(depth) || !(width > 0) || body.byteLength !== (width * height * channels * depth) / 8) {
    throw new PluginError('BAD_ANSWER', {}, `${body.byteLength} bytes for ${width}x${height} at ${depth} bits`);
  }
  // The wire is little-endian, and so is every computer that runs Photoshop.
  return { width, height, depth, data: depth === 8 ? new Uint8Array(body) : new Uint16Array(body) };
}

function isDepth(depth: number): depth is Depth {
  return depth === 8 || depth === 16;
}

export function toError(answer: HttpAnswer): Error {
  const body = parseJson(answer.body);
  if (isRecord(body) && isRecord(body.error)) {
    const { code, message, hint } = body.error;
    if (typeof code === 'string' && typeof message === 'string' && typeof hint === 'string') {
      return new ServerError(code, message, hint);
    }
  }
  return new PluginError('BAD_ANSWER', {}, `HTTP ${answer.status}`);
}

/** Milliseconds to wait before we ask again. */
export function pauseOf(answer: HttpAnswer, longest: number): number {
  const asked = Number(answer.header('retry-after'));
  return Math.min((asked > 0 ? asked : RETRY_AFTER_SECONDS) * 1000, longest);
}
