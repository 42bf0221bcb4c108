import { RETRY_AFTER_SECONDS } from '../../protocol/errors.ts';
import { type Depth, HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import type { Cancellation } from '../cancellation.ts';
import { PluginError, ServerError } from '../errors.ts';
import type { Alpha, Picture } from '../picture.ts';
import type { Client, Matte, MatteProgress, Server } from './client.ts';
import { type Http, type HttpAnswer, HttpFailure, isArrayBuffer, parseJson } from './http.ts';
import { createServerFinder, isRecord } from './server-finder.ts';

/** A large picture on a slow processor takes minutes; the user has a Cancel button for anything shorter. */
const MATTE_TIMEOUT = 15 * 60_000;

/** How often a full queue is asked again before the user is told, and the longest pause in between. */
const QUEUE_RETRIES = 5;
const LONGEST_PAUSE_SECONDS = 10;

export function createClient(http: Http): Client {
  return { connect: createServerFinder(http), matte };

  async function matte(
    server: Server,
    picture: Picture,
    depth: Depth,
    cancel: Cancellation,
    progress: MatteProgress,
  ): Promise<Matte> {
    for (let retry = 0; ; retry++) {
      const answer = await post(server, picture, depth, cancel, progress);
      if (answer.status === 200) {
        return {
          alpha: toAlpha(answer, picture),
          model: answer.header(HEADERS.model),
          provider: answer.header(HEADERS.provider),
        };
      }
      const error = toError(answer);
      if (!isQueueFull(error) || retry === QUEUE_RETRIES) throw error;
      progress.onQueued();
      await cancel.sleep(pauseOf(answer) * 1000);
    }
  }

  async function post(
    server: Server,
    picture: Picture,
    depth: Depth,
    cancel: Cancellation,
    progress: MatteProgress,
  ): Promise<HttpAnswer> {
    try {
      return await http({
        method: 'POST',
        url: `${server.origin}/v1/mattes?model=auto&output=alpha&depth=${depth}`,
        headers: {
          'Content-Type': RAW_TYPE,
          Accept: RAW_TYPE,
          [HEADERS.width]: String(picture.width),
          [HEADERS.height]: String(picture.height),
          [HEADERS.channels]: String(picture.channels),
          [HEADERS.depth]: '8',
        },
        body: bufferOf(picture.data),
        timeout: MATTE_TIMEOUT,
        cancel,
        onUpload: progress.onUpload,
        onSent: progress.onSent,
      });
    } catch (thrown) {
      if (!(thrown instanceof HttpFailure)) throw thrown;
      if (thrown.kind === 'denied') throw new PluginError('PERMISSION_DENIED', {}, thrown.message);
      throw new PluginError(thrown.kind === 'timeout' ? 'TIMED_OUT' : 'SERVER_LOST', {}, thrown.message);
    }
  }
}

/** UXP sends an ArrayBuffer reliably and a view perhaps; copies only if the view is a part of its buffer. */
function bufferOf(data: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = data;
  if (isArrayBuffer(buffer) && byteOffset === 0 && byteLength === buffer.byteLength) return buffer;
  return data.slice().buffer;
}

/** Believes nothing but the bytes: a mask of the wrong size must never reach the document. */
function toAlpha(answer: HttpAnswer, picture: Picture): Alpha {
  const depth = Number(answer.header(HEADERS.depth));
  const width = Number(answer.header(HEADERS.width));
  const height = Number(answer.header(HEADERS.height));
  const { body } = answer;
  if (!isArrayBuffer(body)) throw new PluginError('BAD_ANSWER', {}, 'The answer came as text, not bytes');
  if (width !== picture.width || height !== picture.height) {
    throw new PluginError('BAD_ANSWER', {}, `Sent ${picture.width}x${picture.height}, received ${width}x${height}`);
  }
  if ((depth !== 8 && depth !== 16) || body.byteLength !== (width * height * depth) / 8) {
    throw new PluginError('BAD_ANSWER', {}, `${body.byteLength} bytes for ${width}x${height} at ${depth} bits`);
  }
  // The wire is little-endian, and so is every computer that runs Photoshop.
  return { width, height, depth, data: depth === 8 ? new Uint8Array(body) : new Uint16Array(body) };
}

function toError(answer: HttpAnswer): Error {
  const body = parseJson(answer.body);
  if (isRecord(body) && isRecord(body.error)) {
    const { code, message, hint } = body.error;
    if (typeof code === 'string' && typeof message === 'string' && typeof hint === 'string') {
      return new ServerError(code, message, hint);
    }
  }
  return new PluginError('BAD_ANSWER', {}, `HTTP ${answer.status}`);
}

function isQueueFull(error: Error): boolean {
  return error instanceof ServerError && error.code === 'QUEUE_FULL';
}

function pauseOf(answer: HttpAnswer): number {
  const asked = Number(answer.header('retry-after'));
  return asked > 0 ? Math.min(asked, LONGEST_PAUSE_SECONDS) : RETRY_AFTER_SECONDS;
}
