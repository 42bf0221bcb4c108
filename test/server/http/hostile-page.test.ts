import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { SECURITY_HEADERS } from '../../../server/http/security-headers.ts';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { listenWith, OPAQUE, type Stage } from '../server-fixture.ts';
import { type Answer, expectError, lines, post, rawHeaders, talk } from '../talk.ts';

/** What a page in the user's browser can send to this computer, and what it must get. */

const token = 't'.repeat(43);
let ended = 0;
let server: Stage;
beforeAll(async () => {
  server = await listenWith(async () => OPAQUE(), {}, { token, begin: () => ended++ });
});
afterAll(() => server.close());

const fill = (text: string) => text.replaceAll('PORT', String(server.port));
const ask = (start: string, headers: readonly string[] = [], body = '') =>
  talk(server.port, fill(lines(server.port, start, headers, body)));
const matte = (id: string | undefined) => `DELETE /v1/mattes/${id}`;

const CHANGING = ['POST /v1/mattes', 'POST /v1/shutdown', matte('x'), 'POST /v1/mattes/x/edge'];
const READING = [
  'GET /health',
  'GET /ready',
  'GET /v1/models',
  'GET /metrics',
  'GET /docs/json',
  'GET /',
  'HEAD /ready',
];
const site = (from: string, mode: string, dest: string) => [
  `Sec-Fetch-Site: ${from}`,
  `Sec-Fetch-Mode: ${mode}`,
  `Sec-Fetch-Dest: ${dest}`,
];

describe('a page whose domain was re-pointed here', () => {
  const names = [
    'evil.example:PORT',
    'EVIL.example:PORT',
    '127.0.0.1.evil.example:PORT',
    '7f000001.rbndr.example:PORT',
    'localhost.evil.example:PORT',
    'localhost:PORT.evil.example',
    'xn--lcalhost-54a:PORT',
    '127.0.0.1%00.evil.example:PORT',
    '127.0.0.1\tevil.example:PORT',
    '127。0。0。1:PORT',
    '0x7f.1:PORT',
    '127.000.000.001:PORT',
    '0177.0.0.1:PORT',
    '[0:0:0:0:0:0:0:1]:PORT',
    '[::1%25lo]:PORT',
    'ip6-localhost:PORT',
  ];
  it.each(names)('%s', async (name) => {
    for (const start of [...CHANGING, ...READING.slice(0, -1), 'OPTIONS /v1/mattes', 'GET /nope'])
      expectError(await ask(start, [`Host: ${name}`]), 'FORBIDDEN_HOST');
  });

  it('sends two Host headers, in either order, or none, or HTTP/1.0', async () => {
    const own = 'Host: 127.0.0.1:PORT';
    const refused = [
      [own, 'Host: evil.example'],
      ['Host: evil.example', own],
      [own, own],
    ];
    for (const headers of refused) expectError(await ask('POST /v1/shutdown', headers), 'FORBIDDEN_HOST');
    for (const text of ['GET /health HTTP/1.1\r\n\r\n', 'GET /health HTTP/1.0\r\n\r\n'])
      expectError(await talk(server.port, text), 'FORBIDDEN_HOST');
  });

  it('names a host in the address', async () => {
    for (const address of ['http://evil.example/health', 'http://127.0.0.1:PORT/health', 'HTTP://x/', 'ws://x/health'])
      expectError(await ask(`GET ${address}`), 'FORBIDDEN_HOST');
  });

  it('forwards itself under other names', async () => {
    for (const header of ['X-Forwarded-Host', 'X-Host', 'Forwarded', 'X-Original-Host']) {
      const answer = await ask('GET /health', ['Host: evil.example', `${header}: 127.0.0.1:PORT`]);
      expectError(answer, 'FORBIDDEN_HOST');
    }
  });
});

describe('a page of the web', () => {
  const origins = [
    'https://evil.example',
    'http://evil.example:PORT',
    'http://localhost:3000',
    'null',
    'http://[::1]:PORT',
  ];
  it.each(origins)('with the origin %s', async (origin) => {
    for (const start of [...CHANGING, ...READING.slice(0, -1), 'OPTIONS /v1/mattes'])
      expectError(await ask(start, [`Origin: ${origin}`]), 'FORBIDDEN_ORIGIN');
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'a=b'],
    ['text', 'text/plain', '{"feather":1}'],
    ['a file in a form', 'multipart/form-data; boundary=x', '--x--'],
    ['no type', '', ''],
  ])('posts %s, which needs no preflight', async (_name, type, body) => {
    const headers = [type && `Content-Type: ${type}`, `Content-Length: ${body.length}`].filter(Boolean);
    for (const from of ['cross-site', 'same-site', 'cross-site, none', 'none, cross-site', 'x', '']) {
      for (const start of CHANGING)
        expectError(await ask(start, [...site(from, 'no-cors', 'empty'), ...headers], body), 'FORBIDDEN_ORIGIN');
    }
    // Without any mark of a browser these still change nothing, but for the one that is a whole picture's upload.
    const codes: Record<string, ErrorCode[]> = {
      'POST /v1/mattes': ['UNSUPPORTED_TYPE', 'EMPTY_BODY', 'BAD_REQUEST'],
      'POST /v1/shutdown': ['UNAUTHORIZED'],
      'POST /v1/mattes/x/edge': ['UNSUPPORTED_TYPE', 'MATTE_GONE', 'BAD_REQUEST'],
    };
    for (const [start, allowed] of Object.entries(codes)) {
      const answer = await ask(start, headers, body);
      expectError(answer, codeOf(answer));
      expect(allowed, start).toContain(codeOf(answer));
    }
  });

  it.each([
    ['an image', 'no-cors', 'image'],
    ['a script', 'no-cors', 'script'],
    ['a style sheet', 'no-cors', 'style'],
    ['a frame', 'navigate', 'iframe'],
    ['an object', 'navigate', 'object'],
    ['a prefetch', 'no-cors', 'empty'],
    ['a beacon', 'cors', 'empty'],
    ['a window', 'navigate', 'document'],
  ])('loads %s from here', async (_name, mode, dest) => {
    for (const from of ['cross-site', 'same-site'])
      for (const start of READING.filter((start) => !start.startsWith('HEAD') && start !== 'GET /'))
        expectError(await ask(start, site(from, mode, dest)), 'FORBIDDEN_ORIGIN');
  });

  it('in a browser that does not say where requests come from has nothing fetched by its images', async () => {
    const safari = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/15.6 Safari/605.1.15';
    const start = 'GET /api/remove?url=http://127.0.0.1:PORT/x.png';
    expectError(await ask(start, [`User-Agent: ${safari}`]), 'FORBIDDEN_ORIGIN');
    expectError(
      await ask(start, [`User-Agent: ${safari}`, ...site('cross-site', 'no-cors', 'image')]),
      'FORBIDDEN_ORIGIN',
    );
    // Typed into the address bar, and from a program.
    expectError(await ask(start, [`User-Agent: ${safari}`, ...site('none', 'navigate', 'document')]), 'URL_REFUSED');
    expectError(await ask(start, ['User-Agent: python-requests/2.32']), 'URL_REFUSED');
  });

  it('may link to the pages that are there for people, in a window of their own', async () => {
    const opened = site('cross-site', 'navigate', 'document');
    const page = await ask('GET /docs', opened);
    expect(page?.status).toBe(200);
    expect(page?.headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/);
    expect((await ask('GET /', opened))?.status).not.toBe(403);
    expectError(await ask('POST /', opened), 'FORBIDDEN_ORIGIN');
    expectError(await ask('GET /docs', site('cross-site', 'navigate', 'iframe')), 'FORBIDDEN_ORIGIN');
    expectError(await ask('GET /docs', ['Origin: null', ...opened]), 'FORBIDDEN_ORIGIN');
  });

  it('asks in advance', async () => {
    for (const address of ['/v1/mattes', '/v1/shutdown', '/health', '*']) {
      const preflight = [
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: authorization, content-type',
        'Access-Control-Request-Private-Network: true',
        'Access-Control-Request-Local-Network: true',
      ];
      const answer = await ask(`OPTIONS ${address}`, ['Origin: https://evil.example', ...preflight]);
      expectError(answer, 'FORBIDDEN_ORIGIN');
    }
  });

  it('asks for a socket', async () => {
    const upgrade = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: eA==',
    ];
    expectError(await ask('GET /health', [...upgrade, 'Origin: https://evil.example']), 'FORBIDDEN_ORIGIN');
    expectError(
      await ask('GET /health', [...upgrade, ...site('cross-site', 'websocket', 'empty')]),
      'FORBIDDEN_ORIGIN',
    );
    expect(await ask('CONNECT 127.0.0.1:PORT')).toBeNull();
  });

  it('calls a method by another name', async () => {
    const stored = await store();
    for (const header of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      expectError(await ask('POST /health', [`${header}: GET`]), 'METHOD_NOT_ALLOWED');
      for (const start of [`GET /v1/mattes/${stored}`, `POST /v1/mattes/${stored}?_method=DELETE`])
        expectError(await ask(start, [`${header}: DELETE`]), 'NOT_FOUND');
    }
    const still = await ask(
      `POST /v1/mattes/${stored}/edge`,
      ['Content-Type: application/json', 'Content-Length: 2'],
      '{}',
    );
    expect(still?.status).toBe(200);
  });
});

it('none of this stopped the server or was allowed by CORS', async () => {
  expect(ended).toBe(0);
  expect((await ask('GET /health'))?.status).toBe(200);
});

describe('every answer', () => {
  const answers: [name: string, () => Promise<Answer | null>][] = [
    ['health', () => ask('GET /health')],
    ['metrics', () => ask('GET /metrics')],
    ['nothing there', () => ask('GET /nope')],
    ['another method', () => ask('PUT /v1/mattes')],
    ['a stranger', () => ask('GET /health', ['Host: evil.example'])],
    ['a page', () => ask('GET /health', ['Origin: null'])],
    ['garbage', () => ask('GET /health', ['nonsense'])],
    ['too many headers', () => ask('GET /health', [`A: ${'b'.repeat(20_000)}`])],
    ['a matte', () => post(server.port, { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) })],
  ];
  it.each(answers)('carries the security headers, and no invitation: %s', async (_name, get) => {
    const answer = await get();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) expect(answer?.headers.get(name), name).toBe(value);
    expect([...answer!.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('of a page lets no other page frame it and runs only its own scripts', async () => {
    for (const path of ['/docs', '/docs/static/index.html', '/docs/static/swagger-ui.css']) {
      const answer = await ask(`GET ${path}`);
      const policy = answer?.headers.get('content-security-policy');
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(policy).not.toMatch(/script-src[^;]*('unsafe-inline'|'unsafe-eval'|\*)/);
      expect(answer?.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

describe('floods', () => {
  let impatient: StandInServer;
  beforeAll(async () => {
    impatient = await startStandInServer({ requestTimeout: 600 });
  });
  afterAll(() => impatient.close());

  it.each([
    ['3,000 headers', Array.from({ length: 3000 }, (_, i) => `A${i}: b`)],
    ['a header of 1 MB', [`A: ${'b'.repeat(1 << 20)}`]],
    ['a cookie of 64 KB', [`Cookie: ${'c=d; '.repeat(13_000)}`]],
  ])('of headers: %s', async (_name, headers) => {
    expectError(await talk(impatient.port, lines(impatient.port, 'GET /health', headers)), 'HEADERS_TOO_LARGE');
  });

  it.each([
    ['headers', 'GET /health HTTP/1.1\r\nA: '],
    [
      'a body',
      'POST /v1/mattes HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: image/png\r\nContent-Length: 9999\r\n\r\n',
    ],
    [
      'chunks',
      'POST /v1/mattes HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
  ])('of drops: %s that come byte by byte', async (name, start) => {
    const { port } = impatient;
    const drop = name === 'chunks' ? '1\r\na\r\n' : 'a';
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(start.replace('PORT', String(port))));
      const dripping = setInterval(() => socket.writable && socket.write(drop), 50);
      socket.on('data', (data) => {
        text += data;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(dripping);
        resolve(text);
      });
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"REQUEST_TIMEOUT"');
  });

  it('of connections that send nothing leave room for real requests', async () => {
    const silent = Array.from({ length: 300 }, () => connect(impatient.port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect((await fetch(`${impatient.url}/health`)).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });
});

async function store(): Promise<string | undefined> {
  const answer = await post(server.port, { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) });
  return answer.headers.get('x-matte-id');
}

function codeOf(answer: Answer | null): ErrorCode {
  return (JSON.parse(answer!.body.toString()) as { error: { code: ErrorCode } }).error.code;
}
