import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpRequest } from '../../../server/http-client/http-client.ts';
import { startProxy, type TestProxy } from '../../fixtures/proxy.ts';

// A certificate of `pictures.example` that signs itself, and its key, made for these tests alone.
const TLS = path.join(import.meta.dirname, '../../fixtures/tls');
const certificate = path.join(TLS, 'certificate.pem');

let plain: Server;
let secure: Server;
let proxy: TestProxy;
let target: Server;
let location: string;

beforeAll(async () => {
  const answer: RequestListener = ({ url, headers }, response) => {
    if (url === '/moved') return void response.writeHead(302, { location }).end();
    response.end(`${headers.host}${url} ${headers['user-agent']} ${headers['proxy-authorization']}`);
  };
  plain = createPlainServer(answer);
  secure = createTlsServer({ key: readFileSync(path.join(TLS, 'key.pem')), cert: readFileSync(certificate) }, answer);
  for (const server of [plain, secure]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startProxy(() => portOf(target));
});
afterEach(() => proxy.asked.splice(0));
afterAll(() => {
  proxy.close();
  for (const server of [plain, secure]) {
    server.closeAllConnections();
    server.close();
  }
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** npm's settings as environment variables, as `npm config set` and `.npmrc` give them too. */
const settings = (more: Record<string, string>) => ({ ...process.env, ...more });
const throughProxy = (more: Record<string, string> = {}) =>
  createHttpClient(settings({ npm_config_https_proxy: proxy.url.replace('//', '//user:secret@'), ...more }));

async function read(client: ReturnType<typeof createHttpClient>, url: string, pin?: HttpRequest['pin']) {
  const answer = await client(url, { signal: AbortSignal.timeout(20_000), ...(pin && { pin }) });
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('the client of everything that is fetched', () => {
  it('asks through the proxy of the npm settings, which alone knows the name', async () => {
    target = plain;
    expect(await read(throughProxy(), 'http://pictures.example/a?b')).toMatch(/^pictures\.example\/a\?b Hairline\/\d/);
    expect(proxy.asked).toEqual(['http://pictures.example/a?b']);
  });

  it('asks through it over TLS too, and trusts the private certificate of the npm settings', async () => {
    target = secure;
    const url = 'https://pictures.example/a';
    await expect(read(throughProxy(), url)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    // As if it were asked directly, also after a request without TLS; the proxy's password is not for the server.
    const said = await read(throughProxy({ npm_config_cafile: certificate }), url);
    expect(said).toMatch(/^pictures\.example\/a .* undefined$/);
    expect(proxy.asked).toEqual(['pictures.example:443', 'pictures.example:443']);
  });

  it('asks this computer, and hosts that need no proxy, directly', async () => {
    const port = portOf(plain);
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await read(throughProxy(), `http://${host}:${port}`)).toContain(`${host}:${port}`);
    await expect(read(throughProxy({ npm_config_noproxy: 'invalid' }), 'http://a.invalid')).rejects.toThrow(
      /a\.invalid/,
    );
    expect(proxy.asked).toEqual([]);
  });

  it('asks a literal IPv6 address', async ({ skip }) => {
    const six = createPlainServer((_request, response) => void response.end('six'));
    const hasIpv6 = await new Promise<boolean>((resolve) => {
      six.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
    });
    skip(!hasIpv6, 'this computer has no IPv6');
    const url = `http://[::1]:${portOf(six)}`;
    for (const pin of [undefined, async () => [{ address: '::1', family: 6 }]])
      expect(await read(throughProxy(), url, pin)).toBe('six');
    six.closeAllConnections();
    six.close();
  });

  it('never goes from https to http', async () => {
    target = secure;
    location = 'http://pictures.example/open';
    const client = throughProxy({ npm_config_cafile: certificate });
    await expect(read(client, 'https://pictures.example/moved')).rejects.toThrow('not allowed (http:)');
    expect(proxy.asked).not.toContain(location);
  });
});

describe('with the addresses given', () => {
  const here = async () => [{ address: '127.0.0.1', family: 4 }];

  it('connects to them alone and never through a proxy, with the same certificates', async () => {
    const client = throughProxy({ npm_config_cafile: certificate });
    expect(await read(client, `http://pictures.example:${portOf(plain)}`, here)).toMatch(/^pictures\.example:/);
    expect(await read(client, `https://pictures.example:${portOf(secure)}`, here)).toMatch(/^pictures\.example:/);
    const foreign = `https://other.example:${portOf(secure)}`;
    await expect(read(client, foreign, here)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const untrusting = throughProxy();
    await expect(read(untrusting, `https://pictures.example:${portOf(secure)}`, here)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(proxy.asked).toEqual([]);
  });

  it('asks for them again after a redirect, before it connects', async () => {
    location = `http://inside.example:${portOf(plain)}/`;
    const asked: string[] = [];
    const pin = async ({ hostname }: URL) => {
      asked.push(hostname);
      if (hostname === 'inside.example') throw new Error('refused');
      return here();
    };
    await expect(read(throughProxy(), `http://one.example:${portOf(plain)}/moved`, pin)).rejects.toThrow('refused');
    expect(asked).toEqual(['one.example', 'inside.example']);
  });
});
