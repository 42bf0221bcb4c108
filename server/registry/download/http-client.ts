import fetch, { type FetchOptions } from 'make-fetch-happen';
import { npmSettings } from '../sources/npm-settings.ts';

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
}

/** Asks for an address, following redirects. Answers of any status are returned. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpAnswer>;

const MAX_REDIRECTS = 5;

/** Where connections go through, in npm's words. */
type NpmSettings = Pick<FetchOptions, 'proxy' | 'noProxy' | 'ca' | 'cert' | 'key' | 'strictSSL' | 'localAddress'> & {
  httpsProxy?: string;
};

/**
 * A client with the user's npm settings for proxies and certificates. It uses npm's own HTTP client: Node's `fetch`
 * does not support proxies before version 24, and many designers are behind one.
 */
export function createHttpClient(env: NodeJS.ProcessEnv): HttpClient {
  let settings: Promise<NpmSettings> | undefined;
  return async (url, request) => {
    settings ??= npmSettings(env) as Promise<NpmSettings>;
    const { proxy, httpsProxy, noProxy, ca, cert, key, strictSSL, localAddress } = await settings;
    const connection = { proxy: httpsProxy ?? proxy, noProxy, ca, cert, key, strictSSL, localAddress };
    let current = checked(url);
    for (let redirects = 0; ; redirects++) {
      const answer = await once(current, request, connection);
      const location = answer.header('location');
      if (!(answer.status > 300 && answer.status < 309 && location)) return answer;
      answer.close();
      if (redirects === MAX_REDIRECTS) throw new Error('the server redirects in a loop');
      current = checked(location, current);
    }
  };
}

async function once(url: URL, request: HttpRequest, connection: FetchOptions): Promise<HttpAnswer> {
  const closing = new AbortController();
  const response = await fetch(url.href, {
    ...connection,
    method: request.method ?? 'GET',
    headers: request.headers ?? {},
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

/** A redirect may lead to another server, but not to another kind of address, nor from a safe one to an open one. */
function checked(location: string, base?: URL): URL {
  const url = new URL(location, base);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && base?.protocol !== 'https:');
  if (!safe) throw new Error(`the server redirects to an address that is not allowed (${url.protocol})`);
  return url;
}
