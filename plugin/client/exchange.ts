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

/** No answer came, or none that can be read. `denied`: UXP refused the address before any packet was sent. */
export class HttpFailure extends Error {
  readonly kind: 'network' | 'timeout' | 'denied' | 'unreadable';

  constructor(kind: HttpFailure['kind'], detail: string) {
    super(detail);
    this.name = 'HttpFailure';
    this.kind = kind;
  }
}

export type Http = (request: HttpRequest) => Promise<HttpAnswer>;

/** How an exchange ends, once. */
export interface End {
  readonly isOver: boolean;
  answer(answer: HttpAnswer): void;
  fail(thrown: unknown): void;
}

/**
 * What all ways to the server have in common: one end, a timer of our own (whether `xhr.timeout` fires in
 * every UXP version is unknown) and Cancel.
 * @param begin starts it and answers with how to hang up
 */
export function exchange({ cancel, timeout }: HttpRequest, begin: (end: End) => () => void): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (cancel.cancelled) {
      reject(new Cancelled());
      return;
    }
    let isOver = false;
    let hangUp = () => {};
    const settle = (finish: () => void) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      stopListening();
      finish();
    };
    const giveUp = (reason: Error) => {
      settle(() => reject(reason));
      hangUp();
    };
    const timer = setTimeout(() => giveUp(new HttpFailure('timeout', 'No answer in time')), timeout);
    const stopListening = cancel.onCancel(() => giveUp(new Cancelled()));
    const end: End = {
      get isOver() {
        return isOver;
      },
      answer: (answer) => settle(() => resolve(answer)),
      fail: (thrown) => settle(() => reject(toFailure(thrown))),
    };
    try {
      hangUp = begin(end);
    } catch (thrown) {
      end.fail(thrown);
    }
  });
}

/** Tells how much of a body is on its way; nothing once the exchange is over. */
export function watchUpload({ body, onUpload, onSent }: HttpRequest, end: End): (loaded: number, of?: number) => void {
  const total = body?.byteLength ?? 0;
  let sent = false;
  return (loaded, of = total) => {
    if (sent || end.isOver || total === 0) return;
    const fraction = Math.min(1, loaded / (of > 0 ? of : total));
    onUpload?.(fraction);
    if (fraction < 1) return;
    sent = true;
    onSent?.();
  };
}

function toFailure(thrown: unknown): HttpFailure {
  if (thrown instanceof HttpFailure) return thrown;
  const text = wordsOf(thrown);
  return new HttpFailure(/permission denied|manifest entry/i.test(text) ? 'denied' : 'network', text);
}

/** An error event carries its words in `message` or `error`, or, as in UXP's XMLHttpRequest, not at all. */
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

export function joinBuffers(parts: readonly ArrayBuffer[]): ArrayBuffer {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return whole.buffer;
}
