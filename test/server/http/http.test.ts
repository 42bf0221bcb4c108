import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { expectError, lines, talk } from '../talk.ts';

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer({ requestTimeout: 1000 });
});
afterAll(() => server.close());

const say = (start: string, headers: readonly string[] = [], body = '') =>
  talk(server.port, lines(server.port, start, headers, body));
const png = 'Content-Type: image/png';

describe('traffic that is not a request', () => {
  const garbage: [name: string, start: string, headers: string[], body: string, code: ErrorCode][] = [
    ['length with letters', 'POST /v1/mattes', [png, 'Content-Length: 12abc'], 'aaaaaaaaaaaa', 'BAD_REQUEST'],
    ['negative length', 'POST /v1/mattes', [png, 'Content-Length: -1'], 'a', 'BAD_REQUEST'],
    ['signed length', 'POST /v1/mattes', [png, 'Content-Length: +1'], 'a', 'BAD_REQUEST'],
    ['two lengths', 'POST /v1/mattes', [png, 'Content-Length: 1', 'Content-Length: 2'], 'aa', 'BAD_REQUEST'],
    [
      'length and chunks',
      'POST /v1/mattes',
      [png, 'Content-Length: 5', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
      'BAD_REQUEST',
    ],
    ['length beyond 64 bits', 'POST /v1/mattes', [png, `Content-Length: ${'9'.repeat(25)}`], 'a', 'BAD_REQUEST'],
    ['broken chunk', 'POST /v1/mattes', [png, 'Transfer-Encoding: chunked'], 'zz\r\n', 'BAD_REQUEST'],
    ['unknown transfer', 'POST /v1/mattes', [png, 'Transfer-Encoding: gzip'], 'zz\r\n', 'BAD_REQUEST'],
    ['header without a colon', 'GET /health', ['nonsense'], '', 'BAD_REQUEST'],
    ['3,000 headers', 'GET /health', Array.from({ length: 3000 }, (_, i) => `A${i}: b`), '', 'HEADERS_TOO_LARGE'],
    ['20,000 characters of address', `GET /${'a'.repeat(20_000)}`, [], '', 'HEADERS_TOO_LARGE'],
  ];
  it.each(garbage)('%s', async (_name, start, headers, body, code) => {
    expectError(await say(start, headers, body), code);
  });

  it('a TLS greeting', async () => {
    expectError(await talk(server.port, '\x16\x03\x01\x00\x00hello\r\n\r\n'), 'BAD_REQUEST');
  });

  it('a connection that is opened and closed leaves nothing behind', async () => {
    expect(await talk(server.port, '', { hangUp: true })).toBeNull();
    expect((await say('GET /health'))?.status).toBe(200);
  });

  it('never writes a refusal into the middle of an answer', async () => {
    const good = lines(server.port, 'GET /v1/models');
    const answer = await talk(server.port, `${good}${good}GARBAGE\r\n\r\n`);
    expect([200, 400]).toContain(answer?.status);
    expect(JSON.parse(answer!.body.toString())).toBeTypeOf('object');
  });
});

describe('addresses', () => {
  it.each([
    '/nope',
    '/v1',
    '/v1/mattes/',
    '/v1/mattes/1',
    '//health',
    '/HEALTH',
    '/health;a=b',
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/__proto__',
    `/${'a/'.repeat(50)}`,
  ])('%s is not there', async (path) => {
    expectError(await say(`GET ${path}`), 'NOT_FOUND');
  });

  it.each(['/%E0%A4%A', '/%', '/%zz', '/health%'])('%s is not an address', async (path) => {
    expectError(await say(`GET ${path}`), 'BAD_REQUEST');
  });

  it('ignores a query where none is expected', async () => {
    expect((await say('GET /health?__proto__=1&a[b]=c&%E0%A4%A'))?.status).toBe(200);
  });
});

describe('methods', () => {
  it.each([
    ['PUT /v1/mattes', 'POST'],
    ['GET /v1/mattes', 'POST'],
    ['DELETE /v1/mattes?model=x', 'POST'],
    ['OPTIONS /v1/mattes', 'POST'],
    ['POST /health', 'GET, HEAD'],
    ['DELETE /ready', 'GET, HEAD'],
    ['PATCH /v1/models', 'GET, HEAD'],
    ['TRACE /health', 'GET, HEAD'],
    ['PROPFIND /health', 'GET, HEAD'],
  ])('%s is refused and told what is allowed', async (start, allow) => {
    const answer = await say(start);
    expectError(answer, 'METHOD_NOT_ALLOWED');
    expect(answer?.headers.get('allow')).toBe(allow);
  });

  it('refuses before it looks at the body', async () => {
    const answer = await say('PUT /v1/mattes', ['Content-Type: text/plain', 'Content-Length: 999999999']);
    expectError(answer, 'METHOD_NOT_ALLOWED');
  });

  it('answers HEAD where there is a GET, without a body', async () => {
    const answer = await talk(server.port, lines(server.port, 'HEAD /health', ['Connection: close']));
    expect(answer).toBeNull();
    const response = await fetch(`${server.url}/health`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('takes Expect: 100-continue and ignores other expectations', async () => {
    const raw = [
      'Content-Type: application/octet-stream',
      'X-Image-Width: 1',
      'X-Image-Height: 1',
      'Content-Length: 4',
    ];
    for (const expectation of ['100-continue', 'tea']) {
      const answer = await say('POST /v1/mattes', [`Expect: ${expectation}`, ...raw], 'abcd');
      expect(answer?.status).toBe(200);
    }
  });

  it('does not switch protocols', async () => {
    expect((await say('GET /health', ['Connection: Upgrade', 'Upgrade: websocket']))?.status).toBe(200);
  });
});

describe('slow clients', () => {
  it.each([png, 'Content-Type: application/octet-stream', 'Content-Type: multipart/form-data; boundary=x'])(
    'a body that does not arrive (%s)',
    async (type) => {
      const headers = [type, 'X-Image-Width: 10', 'X-Image-Height: 10', 'Content-Length: 400'];
      expectError(await say('POST /v1/mattes', headers, 'abcd'), 'REQUEST_TIMEOUT');
    },
  );

  it('headers that do not arrive', async () => {
    expectError(await talk(server.port, 'POST /v1/mattes HTTP/1.1\r\nHost: '), 'REQUEST_TIMEOUT');
  });
});
