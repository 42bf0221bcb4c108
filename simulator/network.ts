import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { HostError } from './errors.ts';
import type { HostOptions } from './state.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | null;
  onUpload?(loaded: number, total: number): void;
  onHead?(head: HttpHead): void;
  onDownload?(loaded: number, total: number): void;
}

export interface HttpHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: [string, string][];
}

export interface Exchange {
  readonly head: Promise<HttpHead>;
  readonly body: Promise<Uint8Array>;
  abort(): void;
}

const forbidden = new Set([
  'origin',
  'host',
  'content-length',
  'connection',
  'cookie',
  'referer',
  'user-agent',
  'expect',
]);

type NetworkOption = 'permissionMatching' | 'platform' | 'originHeader' | 'ports' | 'slowLocalhost';

/** One plugin's way out: the manifest's permission guard, then real sockets. */
export class Network {
  readonly #domains: readonly string[] | 'all';
  readonly #options: Pick<Required<HostOptions>, NetworkOption>;
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };

  constructor(domains: unknown, options: Pick<Required<HostOptions>, NetworkOption>) {
    // "all" counts only as the bare string; in a list it is ignored.
    this.#domains =
      domains === 'all' ? 'all' : Array.isArray(domains) ? domains.filter((d) => typeof d === 'string') : [];
    this.#options = options;
  }

  parse(text: string): URL {
    try {
      return new URL(text);
    } catch {
      throw new HostError(`Invalid URL: ${text}`, { kind: 'TypeError' });
    }
  }

  /** The error UXP gives for a URL that the manifest does not list. */
  denial(url: URL, text: string): HostError | null {
    if (this.#permitted(url)) return null;
    return new HostError(`Permission denied to the url ${text}. Manifest entry not found.`);
  }

  #permitted(url: URL): boolean {
    const { permissionMatching } = this.#options;
    if (permissionMatching === 'none') return false;
    if (this.#domains === 'all' || permissionMatching === 'all') return true;
    const isLiteral = isIP(bare(url.hostname)) !== 0;
    if (permissionMatching === 'names' && isLiteral) return false;
    if (permissionMatching === 'literals' && !isLiteral) return false;
    const matches = permissionMatching === 'premiere' ? matchesLikePremiere : matchesExactly;
    return this.#domains.some((entry) => matches(entry, url));
  }

  send(request: HttpRequest): Exchange {
    const url = this.#route(request.url);
    const headers: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (!forbidden.has(name.toLowerCase())) headers[name] = value;
    }
    if (this.#options.originHeader) headers.Origin = this.#options.originHeader;
    if (request.body) headers['Content-Length'] = request.body.length;
    const { hostname, protocol } = request.url;
    const blocked = this.#options.platform === 'darwin' && protocol === 'http:' && isIP(bare(hostname)) === 0;
    if (!url || blocked || (url.protocol !== 'http:' && url.protocol !== 'https:')) return failed();
    const { protocol: scheme } = url;
    return this.#later(hostname, () => {
      const { request: open } = scheme === 'https:' ? https : http;
      const message = open(url, { method: request.method, headers, agent: this.#agents[scheme] });
      const exchange = listen(message, request);
      void upload(message, request);
      return exchange;
    });
  }

  /** The host that a WebSocket reaches and the headers it sends; null if no server listens there. */
  async connect(url: URL): Promise<{ hostname: string; headers: Record<string, string> } | null> {
    const routed = this.#route(url);
    if (!routed) return null;
    if (url.hostname === 'localhost') await pause(this.#options.slowLocalhost);
    const { originHeader } = this.#options;
    return { hostname: routed.href, headers: originHeader ? { Origin: originHeader } : {} };
  }

  /** A name that is slow to be found. */
  #later(hostname: string, begin: () => Exchange): Exchange {
    const { slowLocalhost } = this.#options;
    if (hostname !== 'localhost' || slowLocalhost === 0) return begin();
    let aborted = false;
    let begun: Exchange | null = null;
    const waited = pause(slowLocalhost).then(() => {
      begun = aborted ? failed() : begin();
      return begun;
    });
    const head = waited.then((exchange) => exchange.head);
    const body = waited.then((exchange) => exchange.body);
    head.catch(() => undefined);
    body.catch(() => undefined);
    const abort = () => {
      aborted = true;
      begun?.abort();
    };
    return { head, body, abort };
  }

  /** The real destination of a request; null when no server listens there. */
  #route(url: URL): URL | null {
    const { ports } = this.#options;
    if (!ports || !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) return url;
    const port = ports[Number(url.port || 80)];
    if (port === undefined) return null;
    const routed = new URL(url);
    routed.port = String(port);
    return routed;
  }

  close(): void {
    this.#agents['http:'].destroy();
    this.#agents['https:'].destroy();
  }
}

const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '');
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const networkError = () => new HostError('Network request failed', { kind: 'TypeError' });

function failed(): Exchange {
  const rejected = <T>() => {
    const promise = Promise.reject<T>(networkError());
    promise.catch(() => undefined);
    return promise;
  };
  return { head: rejected<HttpHead>(), body: rejected<Uint8Array>(), abort: () => undefined };
}

function parsed(entry: string): URL | null {
  try {
    return /^[a-z]+:\/\//i.test(entry) ? new URL(entry.replace('://*.', '://wildcard.')) : null;
  } catch {
    return null;
  }
}

/** Scheme, host and port must be those of an entry; `https://*.example.com` covers subdomains. */
function matchesExactly(entry: string, url: URL): boolean {
  const allowed = parsed(entry);
  if (!allowed || allowed.protocol !== url.protocol || allowed.port !== url.port) return false;
  if (!entry.includes('://*.')) return allowed.hostname === url.hostname;
  return url.hostname.endsWith(allowed.hostname.replace('wildcard', ''));
}

/** As seen in Premiere 26.5: entries with an IP address or a port never match, a host without port matches every port. */
function matchesLikePremiere(entry: string, url: URL): boolean {
  const allowed = parsed(entry);
  if (allowed?.port !== '' || isIP(bare(allowed.hostname)) !== 0) return false;
  return allowed.protocol === url.protocol && allowed.hostname === url.hostname;
}

function listen(message: http.ClientRequest, request: HttpRequest): Exchange {
  const head = new Promise<HttpHead>((resolve, reject) => {
    message.on('error', () => reject(networkError()));
    message.on('response', (response) => {
      const headers: [string, string][] = [];
      for (let i = 0; i < response.rawHeaders.length; i += 2) {
        headers.push([response.rawHeaders[i]!.toLowerCase(), response.rawHeaders[i + 1]!]);
      }
      const answer = { status: response.statusCode ?? 0, statusText: response.statusMessage ?? '', headers };
      request.onHead?.(answer);
      resolve(answer);
    });
  });
  const body = new Promise<Uint8Array>((resolve, reject) => {
    message.on('error', () => reject(networkError()));
    message.on('response', (response) => {
      const total = Number(response.headers['content-length'] ?? 0);
      const chunks: Buffer[] = [];
      let loaded = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        loaded += chunk.length;
        request.onDownload?.(loaded, total);
      });
      response.on('end', () => (response.complete ? resolve(Buffer.concat(chunks)) : reject(networkError())));
      response.on('error', () => reject(networkError()));
      response.on('aborted', () => reject(networkError()));
    });
  });
  head.catch(() => undefined);
  body.catch(() => undefined);
  return { head, body, abort: () => message.destroy() };
}

const chunkSize = 256 * 1024;

/** In pieces, so that upload progress means something. */
async function upload(message: http.ClientRequest, { body, onUpload }: HttpRequest): Promise<void> {
  if (!body) {
    message.end();
    return;
  }
  for (let sent = 0; sent < body.length && !message.destroyed; ) {
    const chunk = body.subarray(sent, sent + chunkSize);
    const failedToSend = await new Promise<boolean>((resolve) => {
      message.once('close', () => resolve(true));
      message.write(chunk, (error) => resolve(error != null));
    });
    message.removeAllListeners('close');
    if (failedToSend) return;
    sent += chunk.length;
    onUpload?.(sent, body.length);
  }
  message.end();
}

/** The bytes of a request body: a copy, since the plugin may go on writing into its buffer. */
export function bytesOf(body: unknown): Uint8Array | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string') return Buffer.from(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]')
    return new Uint8Array(body as ArrayBuffer).slice();
  throw new HostError('The body must be a string, an ArrayBuffer or a typed array.', { kind: 'TypeError' });
}
