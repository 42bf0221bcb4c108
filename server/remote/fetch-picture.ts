import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { MAX_URL_BYTES } from '../../protocol/limits.ts';
import { AppError } from '../errors.ts';
import { VERSION } from '../system/package-root.ts';
import { readStream } from '../system/read-stream.ts';
import { isPublic } from './address.ts';

export interface FetchOptions {
  signal: AbortSignal;
  /** Bytes the picture may have. */
  maxBytes?: number;
  /** Time limit in milliseconds, redirects included. */
  timeout?: number;
  /** All addresses of a name. */
  resolve?: (name: string) => Promise<LookupAddress[]>;
  /** Whether connecting to an address is allowed. */
  allows?: (address: string) => boolean;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Fetches a picture from the public internet. The address comes from an untrusted client, so it must not reach this
 * computer or its networks: a name is resolved once for each connection, every address is checked, and the connection
 * uses exactly those addresses, so that DNS rebinding fails. Redirects are treated like the original address. Proxies
 * are not used: they would resolve names themselves.
 * @throws {AppError} URL_REFUSED, URL_FAILED, BODY_TOO_LARGE, and the signal's reason
 */
export async function fetchPicture(
  address: string,
  { signal, maxBytes = MAX_URL_BYTES, timeout = 30_000, resolve = resolveAll, allows = isPublic }: FetchOptions,
): Promise<Buffer> {
  const late = AbortSignal.timeout(timeout);
  const ended = AbortSignal.any([signal, late]);
  try {
    let url = parseUrl(address);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const addresses = await unless(ended, addressesOf(url, resolve));
      if (!addresses.every(({ address }) => allows(address)))
        throw new AppError('URL_REFUSED', 'The address leads to this computer or to a private network.');
      const answer = await connect(url, addresses, ended);
      const { location } = answer.headers;
      if (!REDIRECTS.has(answer.statusCode ?? 0) || location === undefined) return await readAnswer(answer, maxBytes);
      answer.destroy();
      url = parseUrl(location, url);
    }
    throw new AppError('URL_FAILED', 'The address redirects too often.');
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) throw new AppError('URL_FAILED', 'The picture did not arrive in time.', { cause: error });
    if (error instanceof AppError) throw error;
    throw new AppError('URL_FAILED', undefined, { cause: error });
  }
}

/** Ports of the web, and those that any program may open; below are mail, printers and the like. */
function isWebPort(port: string): boolean {
  return port === '' || port === '80' || port === '443' || Number(port) >= 1024;
}

/** The parser writes every spelling of an IPv4 address (octal, hexadecimal, one number, wide digits) in the usual way. */
function parseUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new AppError('URL_REFUSED', 'Only addresses that begin with http:// or https:// are fetched.');
  if (url.username || url.password)
    throw new AppError('URL_REFUSED', 'An address with a user name or password in it is not fetched.');
  if (!isWebPort(url.port)) throw new AppError('URL_REFUSED', `Nothing is fetched from port ${url.port}.`);
  return url;
}

async function addressesOf({ hostname }: URL, resolve: (name: string) => Promise<LookupAddress[]>) {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(literal);
  if (family) return [{ address: literal, family }];
  // With the trailing dot of the root, `localhost` would be resolved by DNS servers.
  const found = await resolve(hostname.replace(/\.$/, '')).catch((cause) => {
    throw new AppError('URL_FAILED', 'There is no server of that name.', { cause });
  });
  if (found.length === 0) throw new AppError('URL_FAILED', 'There is no server of that name.');
  return found;
}

function resolveAll(name: string): Promise<LookupAddress[]> {
  return lookup(name, { all: true });
}

/** Host header, SNI and certificate use the name; only the connection uses the checked address. */
function connect(url: URL, addresses: LookupAddress[], signal: AbortSignal): Promise<IncomingMessage> {
  const given: LookupFunction = (_name, { all }, callback) => {
    if (all) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    // Without an agent, no pooled connection can be reused by a request that was not checked.
    request(url, {
      agent: false,
      lookup: given,
      signal,
      headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': `Hairline/${VERSION}` },
    })
      .once('response', resolve)
      .on('error', reject)
      .once('close', () => reject(new Error('The connection was closed without an answer.')))
      .end();
  });
}

async function readAnswer(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  try {
    if (answer.statusCode !== 200)
      throw new AppError('URL_FAILED', `The server at that address answered ${answer.statusCode}.`);
    const encoding = answer.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity')
      throw new AppError('URL_FAILED', 'The server at that address sends the picture compressed in its own way.');
    if (Number(answer.headers['content-length'] ?? 0) > maxBytes) throw new AppError('BODY_TOO_LARGE');
    return await readStream(answer, maxBytes, false);
  } catch (error) {
    if (error instanceof AppError && (error.code === 'BODY_TOO_LARGE' || error.code === 'URL_FAILED')) throw error;
    throw new AppError('URL_FAILED', 'The picture at that address is empty or broke off.', { cause: error });
  } finally {
    answer.destroy();
  }
}

/** A lookup cannot be cancelled; its result is ignored. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}
