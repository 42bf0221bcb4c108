import { HostError } from './errors.ts';
import { bytesOf, type Exchange, type HttpHead, type Network } from './network.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';

interface FetchInit {
  method?: string;
  headers?: unknown;
  body?: unknown;
  signal?: AbortSignal;
}

/** The global fetch of one plugin. */
export function fetchFor(host: HostState, session: PluginSession, network: Network) {
  return session.boundary.wrap(async (input: unknown, init: FetchInit = {}) => {
    if (typeof input !== 'string' && !(input instanceof URL)) {
      throw new HostError('fetch: argument 1 must be a string', { kind: 'TypeError' });
    }
    if ('signal' in init && init.signal === undefined) {
      throw new HostError('fetch: signal must be an AbortSignal', { kind: 'TypeError' });
    }
    const url = network.parse(String(input));
    const denial = network.denial(url, String(input));
    if (denial) throw denial;
    const method = (init.method ?? 'GET').toUpperCase();
    const headers = Object.fromEntries(new Headers(init.headers as Record<string, string>).entries());
    const body = bytesOf(init.body);
    if (body && (method === 'GET' || method === 'HEAD')) {
      throw new HostError('fetch: a GET request cannot have a body', { kind: 'TypeError' });
    }
    if (typeof init.body === 'string') headers['content-type'] ??= 'text/plain;charset=UTF-8';
    const exchange = network.send({ method, url, headers, body });
    const { signal } = init;
    if (signal && !host.faults.abortSignalIgnored) {
      if (signal.aborted) exchange.abort();
      signal.addEventListener('abort', () => exchange.abort());
    }
    const head = await exchange.head.catch((error) => {
      if (signal?.aborted && !host.faults.abortSignalIgnored) {
        throw new HostError('The operation was aborted.', { name: 'AbortError' });
      }
      throw error;
    });
    return session.boundary.expose(new Response(session, url.href, head, exchange));
  });
}

class Response {
  readonly #session: PluginSession;
  readonly #href: string;
  readonly #head: HttpHead;
  readonly #exchange: Exchange;
  readonly #fields: Headers;
  #used = false;

  constructor(session: PluginSession, href: string, head: HttpHead, exchange: Exchange) {
    this.#session = session;
    this.#href = href;
    this.#head = head;
    this.#exchange = exchange;
    this.#fields = new Headers(head.headers);
  }

  get ok(): boolean {
    return this.#head.status >= 200 && this.#head.status < 300;
  }
  get status(): number {
    return this.#head.status;
  }
  get statusText(): string {
    return this.#head.statusText;
  }
  get url(): string {
    return this.#href;
  }
  get headers(): Headers {
    return this.#fields;
  }
  get bodyUsed(): boolean {
    return this.#used;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#used) throw new HostError('body stream already read', { kind: 'TypeError' });
    this.#used = true;
    return this.#session.boundary.bytes(await this.#exchange.body);
  }

  async text(): Promise<string> {
    return Buffer.from(await this.arrayBuffer()).toString('utf8');
  }

  async json(): Promise<unknown> {
    return this.#session.boundary.realm.JSON.parse(await this.text());
  }
}
