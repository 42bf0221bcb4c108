import { type Cancellation, Cancelled } from '../cancellation.ts';
import { textOf } from '../errors.ts';

export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: ArrayBuffer;
  /** Milliseconds until the whole exchange is given up. */
  timeout: number;
  cancel: Cancellation;
  onUpload?: (fraction: number) => void;
  onSent?: () => void;
}

export interface HttpAnswer {
  status: number;
  /** A string only where the runtime ignored the request for bytes. */
  body: ArrayBuffer | string;
  header(name: string): string;
}

/** No answer came. `denied`: UXP refused the address before any packet was sent. */
export class HttpFailure extends Error {
  readonly kind: 'network' | 'timeout' | 'denied';

  constructor(kind: 'network' | 'timeout' | 'denied', detail: string) {
    super(detail);
    this.name = 'HttpFailure';
    this.kind = kind;
  }
}

export type Http = (request: HttpRequest) => Promise<HttpAnswer>;

/** XMLHttpRequest, because UXP's fetch has neither abort, nor upload progress, nor a timeout, and stalls on large bodies. */
export function createHttp(createXhr: () => XMLHttpRequest = () => new XMLHttpRequest()): Http {
  // UXP documents "arrayBuffer" where the web has "arraybuffer", and the wrong one quietly gives text. The first small
  // answers show which it is, long before pixels come back.
  let bytes = 'arraybuffer';
  const learn = (answer: HttpAnswer): HttpAnswer => {
    if (typeof answer.body === 'string' && answer.body !== '') bytes = 'arrayBuffer';
    return answer;
  };
  return (request) =>
    new Promise((resolve, reject) => {
      if (request.cancel.cancelled) {
        reject(new Cancelled());
        return;
      }
      const xhr = createXhr();
      let settled = false;
      const settle = (finish: () => void) => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        stopListening();
        finish();
      };
      const giveUp = (reason: Error) => {
        settle(() => reject(reason));
        xhr.abort();
      };
      // Our own timer: `xhr.timeout` is documented, but not confirmed to fire in every UXP version.
      const timer = setTimeout(() => giveUp(new HttpFailure('timeout', 'No answer in time')), request.timeout);
      const stopListening = request.cancel.onCancel(() => giveUp(new Cancelled()));

      xhr.onload = () => settle(() => resolve(learn(toAnswer(xhr))));
      xhr.onerror = (event) => settle(() => reject(toFailure(event)));
      xhr.onabort = () => settle(() => reject(new HttpFailure('network', 'The connection was closed')));
      watchUpload(xhr, request, () => settled);
      try {
        xhr.open(request.method, request.url, true);
        xhr.responseType = bytes as XMLHttpRequestResponseType;
        for (const [name, value] of Object.entries(request.headers ?? {})) xhr.setRequestHeader(name, value);
        xhr.send(request.body ?? null);
      } catch (thrown) {
        settle(() => reject(toFailure(thrown)));
      }
    });
}

function watchUpload(xhr: XMLHttpRequest, request: HttpRequest, isSettled: () => boolean): void {
  const total = request.body?.byteLength ?? 0;
  // Documented for UXP, but a panel that cannot count bytes is still better than one that cannot send them.
  if (total === 0 || !xhr.upload) return;
  let sent = false;
  const finish = () => {
    if (sent || isSettled()) return;
    sent = true;
    request.onSent?.();
  };
  xhr.upload.onprogress = (event) => {
    if (sent || isSettled()) return;
    const fraction = Math.min(1, event.loaded / (event.total > 0 ? event.total : total));
    request.onUpload?.(fraction);
    if (fraction === 1) finish();
  };
  xhr.upload.onload = finish;
}

function toAnswer(xhr: XMLHttpRequest): HttpAnswer {
  const body: unknown = xhr.response;
  return {
    status: xhr.status,
    body: isArrayBuffer(body) || typeof body === 'string' ? body : '',
    header: (name) => xhr.getResponseHeader(name) ?? '',
  };
}

function toFailure(thrown: unknown): HttpFailure {
  const text = wordsOf(thrown);
  return new HttpFailure(/permission denied|manifest entry/i.test(text) ? 'denied' : 'network', text);
}

/** An error event carries its words in `message` or `error`, or not at all. */
function wordsOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return textOf(thrown);
  if ('message' in thrown && thrown.message) return String(thrown.message);
  if ('error' in thrown && thrown.error) return textOf(thrown.error);
  return 'Network request failed';
}

/** By tag, not `instanceof`: the buffer may come from another realm than this script. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]';
}

/** Parses a JSON answer; undefined if it is not JSON. */
export function parseJson(body: ArrayBuffer | string): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : decodeUtf8(body));
  } catch {
    return undefined;
  }
}

/** TextDecoder is not in every UXP version we support; these bodies are a few hundred bytes. */
function decodeUtf8(body: ArrayBuffer): string {
  let escaped = '';
  for (const byte of new Uint8Array(body)) escaped += `%${byte < 16 ? '0' : ''}${byte.toString(16)}`;
  return decodeURIComponent(escaped);
}
