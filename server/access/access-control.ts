import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';
import { type ClientBook, LOCAL } from './clients.ts';
import { FailedTries } from './failed-tries.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client: `local`, or the name under which a program on another computer was paired. */
    client: string;
  }
}

export interface AccessOptions {
  /** Host names that other computers use for this one, in lower case. */
  hostNames: readonly string[];
  clients: ClientBook;
}

/** Addresses that a link on a web page may open as a page: they change nothing and cannot be framed. */
const PAGES = ['/', '/docs', '/docs/'];

/**
 * Every web page the user opens can send requests to this server. These checks keep pages out:
 * - Host must be a name of this server with our port. A page whose domain was re-pointed at 127.0.0.1 (DNS rebinding)
 * sends its own name.
 * - Origin must be absent (CLI, scripts, UXP), a file: one (seen from UXP), or this server's own page. Browsers always
 * send the page's origin with a POST, and `null` from sandboxed frames. No CORS header is ever sent.
 * - Sec-Fetch-Site must not name another site: a page's images and scripts are fetched without an Origin.
 *
 * Loopback clients with a loopback Host need no token. Everyone else does, including clients behind a proxy on this
 * computer that forwards the original Host.
 */
export const accessControl = fp<AccessOptions>(
  async (app, { hostNames, clients }) => {
    const failed = new FailedTries();
    app.decorateRequest('client', LOCAL);
    app.addHook('onRequest', async (request, reply) => {
      const { headersDistinct, url = '' } = request.raw;
      const { host } = request.headers;
      // Given two Host headers, Node reports the first; a host in the request line (as sent to proxies) outranks both.
      if ((headersDistinct?.host?.length ?? 0) > 1 || /^[a-z]+:/i.test(url)) throw new AppError('FORBIDDEN_HOST');
      const { localPort, localAddress, remoteAddress = '' } = request.socket;
      const local = isLoopbackAddress(remoteAddress) && isLoopbackHost(host, localPort);
      if (!local && !isOwnHost(host, localAddress, localPort, hostNames)) throw new AppError('FORBIDDEN_HOST');
      if (comesFromPage(request)) throw new AppError('FORBIDDEN_ORIGIN');
      const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
      if (local) {
        request.client = (token && clients.identify(token)) || LOCAL;
        return;
      }
      // Tokens are too long to guess, so a valid one is always accepted: behind a proxy all clients share one address,
      // and one client's failures must not lock out the others.
      const client = token && clients.identify(token);
      if (!client) {
        const wait = failed.waitOf(remoteAddress);
        if (wait > 0) {
          reply.header('retry-after', wait);
          throw new AppError('TOO_MANY_TRIES');
        }
        if (token) failed.note(remoteAddress);
        reply.header('www-authenticate', 'Bearer');
        throw new AppError('TOKEN_REQUIRED');
      }
      request.client = client;
    });
  },
  { name: 'access-control' },
);

/** `localPort` is undefined for injected requests, which have no socket. */
export function isLoopbackHost(host: string | undefined, localPort: number | undefined): boolean {
  const match = /^(127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i.exec(host ?? '');
  if (!match) return false;
  return localPort === undefined || Number(match[2] ?? 80) === localPort;
}

export function isLoopbackAddress(address: string): boolean {
  return /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/i.test(address);
}

/** The address the connection arrived at, or a name from the settings, with our port or the port set there. */
function isOwnHost(
  host: string | undefined,
  localAddress: string | undefined,
  localPort: number | undefined,
  hostNames: readonly string[],
): boolean {
  if (!host || !localAddress || localPort === undefined) return false;
  const asked = host.toLowerCase();
  const plain = localAddress
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/%.*$/, '');
  const address = plain.includes(':') ? `[${plain}]` : plain;
  return [address, ...hostNames].some((name) => asked === `${name}:${localPort}`) || hostNames.includes(asked);
}

/** @param request its Host has already been checked */
function comesFromPage({ method, url, headers }: FastifyRequest): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  // Sent by UXP. No web page can send this Origin: browsers send `null` for local files.
  if (origin === 'file://') return false;
  if (origin !== undefined && origin !== `http://${host}`) return true;
  if (site === undefined || site === 'none' || site === 'same-origin') return false;
  const opened = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return !(method === 'GET' && opened && PAGES.includes(url.split('?', 1)[0]!));
}
