/** What a test wants an exchange to do. `hang`: no answer ever; a string: `send` fails with these words. */
export type Script =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { error: string }
  | { throws: string }
  | 'hang';

type Listener = ((event: unknown) => void) | null;

/** The part of XMLHttpRequest that the client uses, answering from a script. */
export class FakeXhr {
  onload: Listener = null;
  onerror: Listener = null;
  onabort: Listener = null;
  upload: { onprogress: Listener; onload: Listener } | null = { onprogress: null, onload: null };
  status = 0;
  response: unknown = null;
  method = '';
  url = '';
  body: ArrayBuffer | null = null;
  requestHeaders: Record<string, string> = {};
  aborted = false;
  /** The only spelling this runtime knows. */
  knownResponseType = 'arraybuffer';
  responseType = '';
  #headers: Record<string, string> = {};

  readonly #decide: (xhr: FakeXhr) => Script;

  constructor(decide: (xhr: FakeXhr) => Script) {
    this.#decide = decide;
  }

  open(method: string, url: string): void {
    this.method = method;
    this.url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.requestHeaders[name.toLowerCase()] = value;
  }

  send(body: ArrayBuffer | null): void {
    this.body = body;
    const script = this.#decide(this);
    if (script === 'hang') return;
    if ('throws' in script) throw new Error(script.throws);
    setTimeout(() => this.#play(script), 0);
  }

  abort(): void {
    this.aborted = true;
    this.onabort?.({});
  }

  getResponseHeader(name: string): string | null {
    return this.#headers[name.toLowerCase()] ?? null;
  }

  #play(script: Exclude<Script, 'hang' | { throws: string }>): void {
    if (this.aborted) return;
    if ('error' in script) {
      this.onerror?.(script.error === '' ? {} : { message: script.error });
      return;
    }
    const total = this.body?.byteLength ?? 0;
    for (const loaded of [total / 2, total]) this.upload?.onprogress?.({ loaded, total });
    this.upload?.onload?.({});
    this.status = script.status;
    this.#headers = script.headers ?? {};
    this.response = this.responseType === this.knownResponseType ? toBuffer(script.body) : 'text';
    this.onload?.({});
  }
}

function toBuffer(body: unknown): ArrayBuffer {
  if (body instanceof ArrayBuffer) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body ?? {})).buffer as ArrayBuffer;
}

/** A factory for the client, and every exchange it started. */
export function scriptXhr(decide: (xhr: FakeXhr) => Script) {
  const sent: FakeXhr[] = [];
  const create = () => {
    const xhr = new FakeXhr(decide);
    sent.push(xhr);
    return xhr as unknown as XMLHttpRequest;
  };
  return { create, sent };
}
