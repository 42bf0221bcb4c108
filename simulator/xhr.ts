import { HostError } from './errors.ts';
import { bytesOf, type Exchange, type HttpHead, type Network } from './network.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';

type Listener = (event: object) => void;

/** The events of a request or of its upload: handler properties and listeners. */
class Events {
  [handler: `on${string}`]: Listener | null | undefined;
  readonly #target: { listeners: Map<string, Set<Listener>>; report(error: unknown): void };

  constructor(session: PluginSession) {
    const report = (error: unknown) => session.errors.push(error);
    this.#target = { listeners: new Map(), report };
    Object.defineProperty(this, 'target', { enumerable: false });
  }

  addEventListener(type: string, listener: Listener): void {
    const { listeners } = this.#target;
    if (!listeners.has(type)) listeners.set(type, new Set());
    listeners.get(type)!.add(listener);
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#target.listeners.get(type)?.delete(listener);
  }

  protected fire(type: string, progress: { loaded?: number; total?: number } = {}): void {
    const { loaded = 0, total = 0 } = progress;
    const event = { type, target: this, currentTarget: this, loaded, total, lengthComputable: total > 0 };
    for (const listener of [this[`on${type}`], ...(this.#target.listeners.get(type) ?? [])]) {
      if (typeof listener !== 'function') continue;
      try {
        listener.call(this, event);
      } catch (error) {
        this.#target.report(error);
      }
    }
  }
}

class Upload extends Events {
  emit(type: string, progress: { loaded?: number; total?: number }): void {
    this.fire(type, progress);
  }
}

const states = { UNSENT: 0, OPENED: 1, HEADERS_RECEIVED: 2, LOADING: 3, DONE: 4 };

/** The global XMLHttpRequest of one plugin: asynchronous only, bodies of text or bytes only. */
export function xhrFor(host: HostState, session: PluginSession, network: Network): new () => object {
  const { boundary } = session;
  const raise = (message: string, kind: 'Error' | 'TypeError' = 'Error') =>
    boundary.error(new HostError(message, { kind }));

  class XMLHttpRequest extends Events {
    readonly upload = new Upload(session);
    #responseType = '';
    timeout = 0;
    status = 0;
    statusText = '';
    responseURL = '';
    response: unknown = '';
    responseText = '';
    withCredentials = false;
    #readyState = 0;
    #method = 'GET';
    #url = '';
    #headers: Record<string, string> = {};
    #head: HttpHead | null = null;
    #exchange: Exchange | null = null;
    #timer: NodeJS.Timeout | undefined;
    #finished = false;

    constructor() {
      super(session);
    }

    get responseType(): string {
      return this.#responseType;
    }
    set responseType(type: string) {
      const isKnown = type === '' || type === 'text' || knowsAsBytes(host, type);
      if (!isKnown && host.faults.unknownResponseType === 'throws')
        throw raise(`unknown responseType ${type}`, 'TypeError');
      this.#responseType = type;
    }

    /** Not visible to plugins before UXP 9.0. */
    get readyState(): number | undefined {
      return host.atLeast('26.10') ? this.#readyState : undefined;
    }

    open(method: string, url: string, asynchronous = true): void {
      if (!asynchronous) throw raise('XMLHttpRequest: synchronous requests are not supported');
      this.abort();
      this.#method = method.toUpperCase();
      this.#url = url;
      this.#headers = {};
      this.#finished = false;
      this.#head = null;
      this.status = 0;
      this.#state(1);
    }

    setRequestHeader(name: string, value: string): void {
      if (this.#readyState !== 1) throw raise('setRequestHeader: the request is not open');
      this.#headers[name] = this.#headers[name] === undefined ? String(value) : `${this.#headers[name]}, ${value}`;
    }

    getResponseHeader(name: string): string | null {
      return this.#head?.headers.find(([key]) => key === name.toLowerCase())?.[1] ?? null;
    }

    getAllResponseHeaders(): string {
      return (this.#head?.headers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    }

    overrideMimeType(): void {}

    send(data?: unknown): void {
      if (this.#readyState !== 1) throw raise('send: the request is not open');
      let url: URL;
      let body: Uint8Array | null;
      try {
        url = network.parse(this.#url);
        body = this.#method === 'GET' || this.#method === 'HEAD' ? null : bytesOf(data);
        const denial = network.denial(url, this.#url);
        if (denial && host.faults.xhrDenialThrows) throw denial;
        if (denial) {
          setImmediate(() => this.#finish('error'));
          return;
        }
      } catch (error) {
        throw boundary.error(error);
      }
      if (this.timeout > 0) this.#timer = setTimeout(() => this.#stop('timeout'), this.timeout);
      if (body) this.upload.emit('loadstart', { loaded: 0, total: body.length });
      const exchange = network.send({
        ...{ method: this.#method, url, headers: this.#headers, body },
        onUpload: (loaded, total) => {
          if (this.#exchange !== exchange) return;
          this.upload.emit('progress', { loaded, total });
          if (loaded === total) this.upload.emit('load', { loaded, total });
        },
        onHead: (head) => {
          if (this.#exchange === exchange) this.#receiveHead(head, url);
        },
        onDownload: (loaded, total) => {
          if (this.#exchange === exchange) this.fire('progress', { loaded, total });
        },
      });
      this.#exchange = exchange;
      exchange.body.then(
        (bytes) => {
          if (this.#exchange === exchange) this.#receiveBody(bytes);
        },
        () => {
          if (this.#exchange === exchange) this.#finish('error');
        },
      );
    }

    abort(): void {
      if (this.#exchange && !this.#finished) this.#stop('abort');
    }

    #receiveHead(head: HttpHead, url: URL): void {
      this.#head = head;
      this.status = head.status;
      this.statusText = head.statusText;
      this.responseURL = url.href;
      this.#state(2);
    }

    #receiveBody(bytes: Uint8Array): void {
      const isText = this.#responseType === '' || this.#responseType === 'text';
      if (knowsAsBytes(host, this.#responseType)) this.response = boundary.bytes(bytes);
      else if (!isText && host.faults.unknownResponseType === 'null') this.response = null;
      else {
        this.responseText = Buffer.from(bytes).toString('utf8');
        this.response = this.responseText;
      }
      this.#finish('load');
    }

    #stop(type: 'abort' | 'timeout'): void {
      const exchange = this.#exchange;
      this.#exchange = null;
      exchange?.abort();
      this.status = 0;
      this.#finish(type);
    }

    #finish(type: 'load' | 'error' | 'abort' | 'timeout'): void {
      if (this.#finished) return;
      this.#finished = true;
      clearTimeout(this.#timer);
      if (type !== 'load') this.status = 0;
      this.#state(4);
      this.fire(type);
      this.fire('loadend');
    }

    #state(readyState: number): void {
      this.#readyState = readyState;
      this.fire('readystatechange');
    }
  }
  // The constants came with UXP 8.2.
  if (host.atLeast('26.8')) Object.assign(XMLHttpRequest, states);
  return XMLHttpRequest;
}

/** JSON is not documented, and neither is the spelling of the web. */
function knowsAsBytes(host: HostState, type: string): boolean {
  const spelling = host.faults.arrayBufferSpelling;
  return spelling === 'both' ? type.toLowerCase() === 'arraybuffer' : type === spelling;
}
