import { BYTE_READERS, type ByteReader } from '../host-profile.ts';
import {
  exchange,
  type Http,
  type HttpAnswer,
  HttpFailure,
  type HttpRequest,
  isArrayBuffer,
  watchUpload,
} from './exchange.ts';

/**
 * XMLHttpRequest, because UXP's fetch has neither abort, nor upload progress, nor a timeout, and stalls on large bodies.
 * @param readers how bytes are read, in the order of trying: UXP documents the response type "arrayBuffer" where the web
 *   has "arraybuffer"; the wrong one may give text, or null, or throw. `fetch` asks again.
 */
export function createXhrHttp(
  createXhr: () => XMLHttpRequest,
  fetchHttp: Http,
  readers: readonly ByteReader[] = BYTE_READERS,
): Http {
  // The first small answers show which reader gives bytes, long before pixels come back.
  let best = 0;
  return async (request) => {
    for (let at = best; ; at++) {
      const reader = readers[at];
      const answer = await ask(request, reader);
      if (answer !== null && isArrayBuffer(answer.body)) return answer;
      if (answer !== null && best === at && reader !== undefined) best++;
      // Text is good enough for what is text.
      if (answer !== null && answer.body !== '' && (reader === undefined || isJson(answer))) return answer;
      if (reader === undefined)
        throw new HttpFailure('unreadable', 'The answer could be read neither as bytes nor as text');
    }
  };

  /** Null where this reader cannot be used at all. @param reader undefined: as text */
  async function ask(request: HttpRequest, reader: ByteReader | undefined): Promise<HttpAnswer | null> {
    if (reader !== 'fetch') return send(request, createXhr(), reader);
    try {
      return await fetchHttp(request);
    } catch (thrown) {
      // It may be that it only does not work here; who asks next finds out whether the server is there.
      if (thrown instanceof HttpFailure) return null;
      throw thrown;
    }
  }
}

function send(request: HttpRequest, xhr: XMLHttpRequest, reader: string | undefined): Promise<HttpAnswer> | null {
  let usable = true;
  const answer = exchange(request, (end) => {
    const told = watchUpload(request, end);
    xhr.onload = () => end.answer(toAnswer(xhr));
    xhr.onerror = (event) => end.fail(event);
    xhr.onabort = () => end.fail('The connection was closed');
    // Documented for UXP, but a panel that cannot count bytes is still better than one that cannot send them.
    if (request.body && xhr.upload) {
      const total = request.body.byteLength;
      xhr.upload.onprogress = (event) => told(event.loaded, event.total);
      xhr.upload.onload = () => told(total);
    }
    xhr.open(request.method, request.url, true);
    try {
      if (reader !== undefined) xhr.responseType = reader as XMLHttpRequestResponseType;
    } catch {
      usable = false;
      end.fail('');
      return () => {};
    }
    for (const [name, value] of Object.entries(request.headers ?? {})) xhr.setRequestHeader(name, value);
    xhr.send(request.body ?? null);
    return () => xhr.abort();
  });
  if (usable) return answer;
  answer.catch(() => {});
  return null;
}

function toAnswer(xhr: XMLHttpRequest): HttpAnswer {
  let body: unknown;
  try {
    body = xhr.response;
  } catch {
    body = null;
  }
  return {
    status: xhr.status,
    body: isArrayBuffer(body) || typeof body === 'string' ? body : '',
    header: (name) => xhr.getResponseHeader(name) ?? '',
  };
}

function isJson(answer: HttpAnswer): boolean {
  return typeof answer.body === 'string' && /^\s*[{[]/.test(answer.body);
}
