import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import type { Cancellation } from '../cancellation.ts';
import { isServerError, PluginError } from '../errors.ts';
import type { Picture, Pixels } from '../picture.ts';
import { pauseOf, toAlpha, toError, toPixels } from './answers.ts';
import type { Client, Matte, MatteProgress, MatteRequest, Server } from './client.ts';
import { type HttpAnswer, HttpFailure, type HttpRequest, isArrayBuffer, joinBuffers } from './exchange.ts';
import type { Network } from './http.ts';
import { createServerFinder, type FinderOptions } from './server-finder.ts';

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

/** Edge controls run no network; colors of a large picture take some seconds. */
const PREVIEW_TYPES = 'image/jpeg, image/png;q=0.9';
const EDGE_TIMEOUT = 3 * 60_000;
const PREVIEW_TIMEOUT = 20_000;

export function createClient({ http, askForWords }: Network, options: FinderOptions = {}): Client {
  return {
    connect: createServerFinder(http, { askForWords, ...options }),
    matte,
    edge: async (...asked) => toAlpha(await askEdge(...asked)),
    colors: async (...asked) => toPixels(await askEdge(...asked)),
    preview,
  };

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
        const alpha = toAlpha(answer);
        checkSize(alpha, request.picture);
        return {
          alpha,
          matteId: answer.header(HEADERS.matteId) || null,
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
    { picture, subject, refine, depth, guide }: MatteRequest,
    cancel: Cancellation,
    progress: MatteProgress,
    quiet: boolean,
  ): Promise<HttpAnswer> {
    let late: ReturnType<typeof setTimeout> | undefined;
    const sayLater = () => {
      late = setTimeout(progress.onSent, DOWNLOAD_SILENCE);
    };
    try {
      return await send({
        method: 'POST',
        url: `${server.origin}/v1/mattes?model=auto&subject=${subject}&refine=${refine}&output=alpha&depth=${depth}`,
        headers: {
          'Content-Type': RAW_TYPE,
          Accept: RAW_TYPE,
          [HEADERS.width]: String(picture.width),
          [HEADERS.height]: String(picture.height),
          [HEADERS.channels]: String(picture.channels),
          [HEADERS.depth]: String(picture.depth),
          ...(guide === null ? {} : { [HEADERS.mask]: String(guide.depth) }),
        },
        body: guide === null ? bufferOf(picture.data) : joinBuffers([picture.data, guide.data].map(bufferOf)),
        timeout: MATTE_TIMEOUT,
        cancel,
        ...(quiet ? { onSent: sayLater } : { onUpload: progress.onUpload, onSent: progress.onSent }),
      });
    } finally {
      clearTimeout(late);
    }
  }

  async function askEdge(
    server: Server,
    matteId: string,
    request: EdgeRequest,
    cancel: Cancellation,
  ): Promise<HttpAnswer> {
    for (let retries = 0; ; retries++) {
      const answer = await send(edgeRequest(server, matteId, request, RAW_TYPE, EDGE_TIMEOUT, cancel));
      if (answer.status === 200) return answer;
      const error = toError(answer);
      if (!isServerError(error, 'QUEUE_FULL') || retries === QUEUE_RETRIES) throw error;
      await cancel.sleep(pauseOf(answer, LONGEST_QUEUE_PAUSE));
    }
  }

  async function preview(server: Server, matteId: string, request: EdgeRequest, cancel: Cancellation) {
    const answer = await send(edgeRequest(server, matteId, request, PREVIEW_TYPES, PREVIEW_TIMEOUT, cancel));
    if (answer.status !== 200) throw toError(answer);
    const { body } = answer;
    if (!isArrayBuffer(body)) throw new PluginError('BAD_ANSWER', {}, 'The preview came as text, not bytes');
    const type = /^image\/\w+/.exec(answer.header('content-type'))?.[0] ?? 'image/png';
    return { type, bytes: body };
  }

  async function send(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await http(request);
    } catch (thrown) {
      if (!(thrown instanceof HttpFailure)) throw thrown;
      if (thrown.kind === 'denied') throw new PluginError('PERMISSION_DENIED', {}, thrown.message);
      if (thrown.kind === 'unreadable') throw new PluginError('BAD_ANSWER', {}, thrown.message);
      throw new PluginError(thrown.kind === 'timeout' ? 'TIMED_OUT' : 'SERVER_LOST', {}, thrown.message);
    }
  }
}

function edgeRequest(
  server: Server,
  matteId: string,
  request: EdgeRequest,
  accept: string,
  timeout: number,
  cancel: Cancellation,
): HttpRequest {
  return {
    method: 'POST',
    url: `${server.origin}/v1/mattes/${matteId}/edge`,
    headers: { 'Content-Type': 'application/json', Accept: accept },
    body: encodeAscii(JSON.stringify(request)),
    timeout,
    cancel,
  };
}

/** TextEncoder is not in every UXP version we support; settings are numbers and plain words. */
function encodeAscii(text: string): ArrayBuffer {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
}

function checkSize(answer: { width: number; height: number }, { width, height }: Picture): void {
  if (answer.width === width && answer.height === height) return;
  throw new PluginError('BAD_ANSWER', {}, `Sent ${width}x${height}, received ${answer.width}x${answer.height}`);
}

/** UXP sends an ArrayBuffer reliably and a view perhaps; copies only if the view is a part of its buffer. */
function bufferOf(data: Pixels['data']): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = data;
  if (isArrayBuffer(buffer) && byteOffset === 0 && byteLength === buffer.byteLength) return buffer;
  return data.slice().buffer;
}
