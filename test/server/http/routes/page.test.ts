import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenWith, OPAQUE, type Stage } from '../../server-fixture.ts';
import { expectError, lines, talk } from '../../talk.ts';

let server: Stage;
let root: string;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'hairline-test-'));
  mkdirSync(path.join(root, 'shown', 'page'), { recursive: true });
  writeFileSync(path.join(root, 'secret.txt'), 'secret');
  writeFileSync(path.join(root, 'shown', 'index.html'), '<!doctype html>');
  for (const name of ['main.js', 'style.css', 'icon.svg', 'astronaut.png', '.hidden'])
    writeFileSync(path.join(root, 'shown', 'page', name), 'x');
  server = await listenWith(async () => OPAQUE(), {}, undefined, undefined, undefined, path.join(root, 'shown'));
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

const ask = async (start: string, headers: readonly string[] = []) =>
  (await talk(server.port, lines(server.port, start, headers, '')))!;

describe('GET /', () => {
  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/page/main.js', 'application/javascript; charset=utf-8'],
    ['/page/style.css', 'text/css; charset=utf-8'],
    ['/page/icon.svg', 'image/svg+xml'],
    ['/page/astronaut.png', 'image/png'],
  ])('%s is %s, asked for anew each time', async (address, type) => {
    const answer = await ask(`GET ${address}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const same = await ask(`GET ${address}`, [`If-None-Match: ${answer.headers.get('etag')}`]);
    expect([same.status, same.body.length]).toEqual([304, 0]);
  });

  it('loads from this server only, runs no inline script, and cannot be framed', async () => {
    const { headers } = await ask('GET /');
    const policy = new Map(
      headers
        .get('content-security-policy')!
        .split('; ')
        .map((rule) => rule.split(/ (.*)/) as [string, string]),
    );
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' blob:",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
    });
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it.each([
    '/page/',
    '/page',
    '/page/nothing.js',
    '/page/../../secret.txt',
    '/../secret.txt',
    '/page/..%2f..%2fsecret.txt',
    '/page/%2e%2e/%2e%2e/secret.txt',
    '/page/..%5c..%5csecret.txt',
    '//secret.txt',
    '/page/main.js%00.css',
    '/page/.hidden',
    '/page//main.js',
  ])('has nothing at %s', async (address) => {
    const answer = await ask(`GET ${address}`);
    expect(answer.body.toString()).not.toContain('secret');
    expect([400, 404]).toContain(answer.status);
  });

  it('takes nothing', async () => {
    expectError(await ask('POST /'), 'METHOD_NOT_ALLOWED');
  });

  it('opens from a link on another site, but its assets do not load there', async () => {
    const link = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];
    expect((await ask('GET /', link)).status).toBe(200);
    const load = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: script'];
    expectError(await ask('GET /page/main.js', load), 'FORBIDDEN_ORIGIN');
    const frame = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe'];
    expectError(await ask('GET /', frame), 'FORBIDDEN_ORIGIN');
    expectError(await ask('GET /', ['Host: evil.example']), 'FORBIDDEN_HOST');
  });

  it('may ask for everything that it needs, under each name of this server', async () => {
    for (const host of ['127.0.0.1', 'localhost'].map((name) => `${name}:${server.port}`)) {
      const own = [`Host: ${host}`, `Origin: http://${host}`, 'Sec-Fetch-Site: same-origin'];
      expectError(await ask('DELETE /v1/mattes/x', own), 'MATTE_GONE');
      expectError(await ask('DELETE /v1/jobs/x', own), 'JOB_GONE');
    }
    const other = [`Origin: http://localhost:${server.port}`, 'Sec-Fetch-Site: cross-site'];
    expectError(await ask('DELETE /v1/mattes/x', other), 'FORBIDDEN_ORIGIN');
  });
});

it('is not there before it is built', async () => {
  const bare = await listenWith(async () => OPAQUE(), {}, undefined, undefined, undefined, path.join(root, 'nothing'));
  expectError(await talk(bare.port, lines(bare.port, 'GET /', [], '')), 'NOT_FOUND');
  await bare.close();
});
