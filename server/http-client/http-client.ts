import { type LookupAddress, lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { FetchOptions } from 'make-fetch-happen';
import { VERSION } from '../system/package-root.ts';

/** A response whose body has not been read yet. The caller must call `close`. */
export interface HttpAnswer {
  status: number;
  header(name: string): string | null;
  body: AsyncIterable<Uint8Array>;
  /** Ends the connection if it still sends. */
  close(): void;
}

export interface HttpRequest {
  method?: 'GET' | 'HEAD';
  headers?: Record<string, string>;
  signal: AbortSignal;
  /**
   * Checks an address before each connection, redirects included, and returns the only IP addresses that the connection
   * may use. Such a connection is not shared and uses no proxy, which would look the name up again by itself.
   */
  pin?: (url: URL) => Promise<LookupAddress[]>;
}

/** Asks for an address, following redirects. Answers of any status are returned. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpAnswer>;

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** No proxy can reach these for this computer. */
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** How to connect, in npm's words. */
type NpmSettings = Pick<FetchOptions, 'proxy' | 'noProxy' | 'ca' | 'cert' | 'key' | 'strictSSL' | 'localAddress'> & {
  httpsProxy?: string;
};

/**
 * The client of everything that Hairline fetches: models, and pictures by address. Proxies and certificates come from
 * the user's npm settings and the usual environment variables. It uses npm's own HTTP client, because Node's `fetch`
 * does not support proxies before version 24, and many designers are behind one.
 */
export function createHttpClient(env: NodeJS.ProcessEnv): HttpClient {
  let connection: Promise<FetchOptions> | undefined;
  return async (url, request) => {
    connection ??= readConnection(env);
    let current = new URL(url);
    let previous: URL | undefined;
    for (let redirects = 0; ; redirects++) {
      const { pin, signal } = request;
      // Before the general rules, so that the caller's stricter ones give their own reason.
      const addresses = pin && (await unless(signal, pin(current)));
      checkRedirect(current, previous);
      const answer = await once(current, request, await connection, addresses);
      const location = answer.header('location');
      if (!REDIRECTS.has(answer.status) || location === null) return answer;
      answer.close();
      if (redirects === MAX_REDIRECTS) throw new Error('the server redirects in a loop');
      previous = current;
      current = new URL(location, previous);
    }
  };
}

async function readConnection(env: NodeJS.ProcessEnv): Promise<FetchOptions> {
  const { npmSettings } = await import('./npm-settings.ts');
  const { proxy, httpsProxy, noProxy, ...rest } = (await npmSettings(env)) as NpmSettings;
  const { ca, cert, key, strictSSL, localAddress } = rest;
  const direct = [noProxy || env.no_proxy || env.NO_PROXY || [], LOOPBACK_NAMES].flat(2);
  return { proxy: httpsProxy ?? proxy, noProxy: direct.join(), ca, cert, key, strictSSL, localAddress };
}

async function once(
  url: URL,
  request: HttpRequest,
  connection: FetchOptions,
  addresses: LookupAddress[] | undefined,
): Promise<HttpAnswer> {
  // Loaded only when needed: npm's client takes a third of a second.
  const { default: fetch } = await import('make-fetch-happen');
  const closing = new AbortController();
  // Different numbers, because @npmcli/agent tells its proxies apart by them but not by protocol: with the same, a
  // request over TLS would be written as for an HTTP proxy, and the server would get the proxy's password.
  const maxSockets = url.protocol === 'https:' ? 13 : 14;
  const response = await fetch(url.href, {
    ...connection,
    ...(addresses ? { agent: agentFor(url, addresses) } : { maxSockets, dns: { lookup: lookUp } }),
    method: request.method ?? 'GET',
    headers: { 'user-agent': `Hairline/${VERSION}`, ...(addresses && { connection: 'close' }), ...request.headers },
    signal: AbortSignal.any([request.signal, closing.signal]),
    redirect: 'manual',
    cache: 'no-store',
    retry: false,
  });
  // Closed before it was read, the body emits an error; without a listener that would end the process.
  response.body.on('error', () => {});
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    body: response.body,
    close: () => closing.abort(),
  };
}

/** make-fetch-happen asks for literal IPv6 addresses in the brackets of their URL, which no name server knows. */
const lookUp: LookupFunction = (name, options, callback) => {
  lookup(name.replace(/^\[(.*)\]$/, '$1'), options, callback);
};

/** Host header, SNI and certificate use the name; only the connection uses the given addresses. */
function agentFor({ protocol }: URL, addresses: LookupAddress[]): http.Agent {
  const given: LookupFunction = (_name, { all }, callback) => {
    if (all) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
  const { Agent } = protocol === 'https:' ? https : http;
  return new Agent({ keepAlive: false, lookup: given });
}

/** A redirect may lead to another server, but not to another kind of address, nor from a safe one to an open one. */
function checkRedirect({ protocol }: URL, previous: URL | undefined): void {
  const isSafe = protocol === 'https:' || (protocol === 'http:' && previous?.protocol !== 'https:');
  if (!isSafe) throw new Error(`the server redirects to an address that is not allowed (${protocol})`);
}

/** A lookup cannot be cancelled; its result is ignored. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}
