import fp from 'fastify-plugin';
import { AppError } from './errors.ts';

/**
 * Every web page the user opens can send requests to this server. Two checks keep pages out:
 * - Host must be a loopback name with our port. A page whose domain was re-pointed at 127.0.0.1 (DNS rebinding) sends
 *   its own name.
 * - Origin must be absent (CLI, scripts, UXP) or a file: one (seen from UXP). Browsers always send the page's origin with
 *   a POST, and `null` from sandboxed frames. No CORS header is ever sent, so a page cannot read a GET either.
 */
export const doors = fp(
  async (app) => {
    app.addHook('onRequest', async (request) => {
      const { headersDistinct, url = '' } = request.raw;
      // Of two Host headers Node reports the first; an address with a host of its own (for proxies) outranks both.
      const ambiguous = (headersDistinct?.host?.length ?? 0) > 1 || /^[a-z]+:/i.test(url);
      if (ambiguous || !isLoopbackHost(request.headers.host, request.socket.localPort))
        throw new AppError('FORBIDDEN_HOST');
      if (!isAllowedOrigin(request.headers.origin)) throw new AppError('FORBIDDEN_ORIGIN');
    });
  },
  { name: 'doors' },
);

/** `localPort` is undefined for injected requests, which have no socket. */
export function isLoopbackHost(host: string | undefined, localPort: number | undefined): boolean {
  const match = /^(127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i.exec(host ?? '');
  if (!match) return false;
  return localPort === undefined || Number(match[2] ?? 80) === localPort;
}

export function isAllowedOrigin(origin: string | undefined): boolean {
  return origin === undefined || origin === 'file://';
}
