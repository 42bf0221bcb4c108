import { type ErrorCode, RETRY_AFTER_SECONDS } from '../../protocol/errors.ts';
import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import type { Cancellation } from '../cancellation.ts';
import { PluginError, ServerError } from '../errors.ts';
import type { Alpha, Picture } from '../picture.ts';
import type { Client, Matte, MatteProgress, MatteRequest, Server } from './client.ts';
import { type Http, type HttpAnswer, HttpFailure, isArrayBuffer, parseJson } from './http.ts';
import { createServerFinder, isRecord } from './server-finder.ts';

/** A large picture on a slow processor takes minutes; the user has a Cancel button for anything shorter. */
const MATTE_TIMEOUT = 15 * 60_000;

/** How often a full queue is asked again before the user is told, and the longest pause in between. */
const QUEUE_RETRIES = 5;
const LONGEST_QUEUE_PAUSE = 10_000;

/** A model of some hundred megabytes takes minutes on a slow line. */
const DOWNLOAD_PATIENCE = 10 * 60_000;
const LONGEST_DOWNLOAD_PAUSE = 60_000;

/** A server that is still downloading says so at once; one that is silent for longer has begun to work. */
const DOWNLOAD_SILENCE = 1000;

export function createClient(http: Http): Client {
  return { connect: createServerFinder(http), matte };

  async function matte(
    server: Server,
    request: MatteRequest,
    cancel: Cancellation,
    progress: MatteProgress,
  ): Promise<Matte> {
    let queueRetries = 0;
    let downloadSince: number | null = null;
    for (;;) {
      const answer = await post(server, request, cancel, progress, downloadSince !== null);
      if (answer.status === 200) {
        return {
          alpha: toAlpha(answer, request.picture),
          model: answer.header(HEADERS.model),
          provider: answer.header(HEADERS.provider),
        };
      }
      const error = toError(answer);
      if (isServerError(error, 'QUEUE_FULL') && queueRetries < QUEUE_RETRIES) {
        queueRetries++;
        progress.onQueued();
        await cancel.sleep(pauseOf(answer, LONGEST_QUEUE_PAUSE));
      } else if (isServerError(error, 'MODEL_DOWNLOADING')) {
        downloadSince ??= Date.now();
        const pause = pauseOf(answer, LONGEST_DOWNLOAD_PAUSE);
        if (Date.now() + pause - downloadSince > DOWNLOAD_PATIENCE) throw error;
        progress.onDownloading();
        await cancel.sleep(pause);
      } else {
        throw error;
      }
    }
  }

  /** @param quiet the picture is sent again only to hear whether the model is there yet: no news until that is so */
  async function post(
    server: Server,
    { picture, subject, depth }: MatteRequest,
    cancel: Cancellation,
    progress: MatteProgress,
    quiet: boolean,
  ): Promise<HttpAnswer> {
    let late: ReturnType<typeof setTimeout> | undefined;
    const sayLater = () => {
      late = setTimeout(progress.onSent, DOWNLOAD_SILENCE);
    };
    try {
      return await http({
        method: 'POST',
        url: `${server.origin}/v1/mattes?model=auto&subject=${subject}&output=alpha&depth=${depth}`,
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
        ...(quiet ? { onSent: sayLater } : { onUpload: progress.onUpload, onSent: progress.onSent }),
      });
    } catch (thrown) {
      if (!(thrown instanceof HttpFailure)) throw thrown;
      if (thrown.kind === 'denied') throw new PluginError('PERMISSION_DENIED', {}, thrown.message);
      throw new PluginError(thrown.kind === 'timeout' ? 'TIMED_OUT' : 'SERVER_LOST', {}, thrown.message);
    } finally {
      clearTimeout(late);
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

function isServerError(error: Error, code: ErrorCode): boolean {
  return error instanceof ServerError && error.code === code;
}

/** Milliseconds to wait before we ask again. */
function pauseOf(answer: HttpAnswer, longest: number): number {
  const asked = Number(answer.header('retry-after'));
  return Math.min((asked > 0 ? asked : RETRY_AFTER_SECONDS) * 1000, longest);
}
