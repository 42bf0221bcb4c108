import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { expectError, lines, talk } from '../talk.ts';

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer({}, { install: false });
});
afterAll(() => server.close());

/** `PORT` in a header stands for the server's own port. */
const ask = (headers: string[], start = 'GET /health') =>
  talk(
    server.port,
    lines(
      server.port,
      start,
      headers.map((header) => header.replace('PORT', String(server.port))),
    ),
  );

describe('Host', () => {
  it.each(['127.0.0.1:PORT', 'localhost:PORT', 'LOCALHOST:PORT', '[::1]:PORT'])('%s is this server', async (host) => {
    const answer = await ask([`Host: ${host}`]);
    expect(answer?.status).toBe(200);
    expect(answer?.headers.get('access-control-allow-origin')).toBeUndefined();
  });

  it.each([
    'evil.example:PORT',
    'evil.example',
    '127.0.0.1.evil.example:PORT',
    'localhost.evil.example:PORT',
    'evil-localhost:PORT',
    'localhost@evil.example:PORT',
    'evil.example@localhost:PORT',
    'user:PORT@localhost:PORT',
    '127.0.0.1',
    'localhost',
    '127.0.0.1:1',
    '127.0.0.1:80',
    '127.0.0.1:PORT0',
    '127.0.0.1:0PORT0',
    '127.0.0.1:',
    '0.0.0.0:PORT',
    '127.1:PORT',
    '127.0.0.2:PORT',
    '2130706433:PORT',
    '0x7f000001:PORT',
    '017700000001:PORT',
    'localhost.:PORT',
    '127.0.0.1.:PORT',
    '::1:PORT',
    '[::ffff:127.0.0.1]:PORT',
    '[::]:PORT',
    '127.0.0.1:PORT, evil.example',
    '127.0.0.1:PORT/evil',
    '',
  ])('"%s" is not', async (host) => {
    expectError(await ask([`Host: ${host}`]), 'FORBIDDEN_HOST');
  });

  it('must be there', async () => {
    for (const version of ['1.0', '1.1']) {
      expectError(await talk(server.port, `GET /health HTTP/${version}\r\nA: b\r\n\r\n`), 'FORBIDDEN_HOST');
    }
  });

  it('must be there once', async () => {
    expectError(await ask(['Host: 127.0.0.1:PORT', 'Host: evil.example']), 'FORBIDDEN_HOST');
    expectError(await ask(['Host: evil.example', 'Host: 127.0.0.1:PORT']), 'FORBIDDEN_HOST');
  });

  it('must agree with an address that names a host', async () => {
    expectError(await ask([], 'GET http://evil.example/health'), 'FORBIDDEN_HOST');
  });
});

describe('Origin', () => {
  it('may be missing, the panel, or a page of this server', async () => {
    expect((await ask([]))?.status).toBe(200);
    expect((await ask(['Origin: file://']))?.status).toBe(200);
    for (const host of ['127.0.0.1:PORT', 'localhost:PORT'])
      expect((await ask([`Host: ${host}`, `Origin: http://${host}`]))?.status).toBe(200);
  });

  it.each([
    'http://evil.example',
    'https://evil.example',
    'http://localhost:PORT',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1:PORT/',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'http://localhost',
    'null',
    '',
    'file:///etc',
    'file://evil.example',
    'FILE://',
    'chrome-extension://abcdefghijklmnop',
    'moz-extension://abc',
    'app://obsidian.md',
    'file://, http://evil.example',
  ])('"%s" is a web page', async (origin) => {
    for (const start of [
      'GET /health',
      'GET /ready',
      'GET /v1/models',
      'POST /v1/mattes',
      'GET /nope',
      'PUT /health',
    ]) {
      expectError(await ask([`Origin: ${origin}`], start), 'FORBIDDEN_ORIGIN');
    }
  });

  it('may not be given twice', async () => {
    const answer = await ask(['Origin: file://', 'Origin: http://evil.example']);
    expectError(answer, 'FORBIDDEN_ORIGIN');
  });

  it('is not invited by a preflight', async () => {
    const preflight = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: content-type'];
    expectError(await ask(['Origin: http://evil.example', ...preflight], 'OPTIONS /v1/mattes'), 'FORBIDDEN_ORIGIN');
    expectError(await ask(['Origin: file://', ...preflight], 'OPTIONS /v1/mattes'), 'METHOD_NOT_ALLOWED');
    expectError(await ask(preflight, 'OPTIONS *'), 'NOT_FOUND');
  });
});
