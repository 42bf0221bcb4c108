import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Cancellation } from '../../../../plugin/cancellation.ts';
import type { HttpRequest } from '../../../../plugin/client/exchange.ts';
import { createSocketHttp } from '../../../../plugin/client/socket-http.ts';
import { TUNNEL_CHUNK, TUNNEL_PATH } from '../../../../protocol/tunnel.ts';
import { Gate, listenWith, OPAQUE, type Stage, until } from '../../server-fixture.ts';
import { expectError, lines, rawHeaders, talk } from '../../talk.ts';

let stage: Stage;
let gate: Gate | null = null;
beforeEach(async () => {
  gate = null;
  stage = await listenWith(async () => {
    await gate?.pass();
    return OPAQUE();
  });
});
afterEach(() => stage.close());

const http = createSocketHttp((url) => new WebSocket(url) as never);
const ask = (path: string, rest: Partial<HttpRequest> = {}) =>
  http({
    ...{ method: 'GET', url: `ws://127.0.0.1:${stage.port}${path}`, timeout: 20_000, cancel: new Cancellation() },
    ...rest,
  });
const json = (body: ArrayBuffer | string) => JSON.parse(Buffer.from(body as ArrayBuffer).toString());

/** A WebSocket of our own making, and how it ended. */
function open(first: string | Buffer | null, options: ConstructorParameters<typeof WebSocket>[2] = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${stage.port}${TUNNEL_PATH}`, options);
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  if (first !== null) socket.once('open', () => socket.send(first));
  return { socket, closed };
}

describe('GET /v1/tunnel', () => {
  it('asks the same routes, and gets the same answers and errors', async () => {
    const health = await ask('/health');
    expect([health.status, json(health.body).name]).toEqual([200, 'hairline']);
    const refused = await ask('/v1/mattes', { method: 'POST', headers: { 'content-type': 'text/plain' } });
    expect([refused.status, json(refused.body).error.code]).toEqual([415, 'UNSUPPORTED_TYPE']);
    expect((await ask('/nowhere')).status).toBe(404);
  });

  it('carries pictures of many messages both ways, and says how much has arrived', async () => {
    const [width, height] = [1200, 900];
    const body = new Uint8Array(width * height * 3).fill(200).buffer;
    const told: number[] = [];
    let sent = 0;
    const answer = await ask('/v1/mattes?depth=16', {
      ...{ method: 'POST', body, headers: rawHeaders(width, height, 3) },
      ...{ onUpload: (fraction: number) => told.push(fraction), onSent: () => sent++ },
    });
    expect([answer.status, (answer.body as ArrayBuffer).byteLength]).toEqual([200, width * height * 2]);
    expect(answer.header('x-image-width')).toBe(String(width));
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect([told.length, told.at(-1), sent]).toEqual([Math.ceil(body.byteLength / TUNNEL_CHUNK), 1, 1]);
  });

  it('refuses before the body is through, and says why', async () => {
    const body = new ArrayBuffer(20_000_000);
    const answer = await ask('/v1/mattes', { method: 'POST', body, headers: rawHeaders(10, 10, 3) });
    expect([answer.status, json(answer.body).error.code]).toEqual([400, 'SIZE_MISMATCH']);
  });

  it('cancels what is worked on when the client hangs up', async () => {
    gate = new Gate();
    const cancel = new Cancellation();
    const asked = ask('/v1/mattes', {
      ...{ method: 'POST', body: new Uint8Array([1, 2, 3]).buffer, headers: rawHeaders(1, 1, 3), cancel },
    });
    asked.catch(() => undefined);
    await until(() => gate!.waiting === 1);
    cancel.cancel();
    await until(async () => (await metrics()).includes('route="/v1/mattes",status="499"} 1'));
    gate.open();
    await until(async () => (await metrics()).includes('hairline_jobs 0'));
  });

  it('is counted as what it is', async () => {
    await ask('/health');
    await until(async () => (await metrics()).includes('route="/v1/tunnel",status="101"} 1'));
    expect(await metrics()).toContain('route="/health",status="200"} 1');
  });

  it('finishes requests in progress before the server ends, and does not wait for a client without one', async () => {
    gate = new Gate();
    const asked = ask('/v1/mattes', {
      ...{ method: 'POST', body: new Uint8Array([1, 2, 3]).buffer, headers: rawHeaders(1, 1, 3) },
    });
    const { socket, closed } = open(null);
    await until(() => gate!.waiting === 1 && socket.readyState === WebSocket.OPEN);
    const ended = stage.close();
    gate.open();
    expect((await asked).status).toBe(200);
    await ended;
    await closed;
  });

  it.each([
    [{ origin: 'https://example.com' }, 403],
    [{ origin: 'null' }, 403],
    [{ headers: { host: 'evil.example' } }, 403],
    [{ headers: { 'sec-fetch-site': 'cross-site' } }, 403],
  ])('is closed to web pages (%j)', async (options, status) => {
    const { socket } = open(null, options);
    const refused = await new Promise<number>((resolve) =>
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)),
    );
    expect(refused).toBe(status);
  });

  it('believes nothing that a request says of where it comes from', async () => {
    const headers = { host: 'evil.example', origin: 'https://example.com', 'x-forwarded-for': '8.8.8.8' };
    expect((await ask('/health', { headers })).status).toBe(200);
    expect((await ask('/health', { headers: { Expect: 'what', 'Transfer-Encoding': 'chunked' } })).status).toBe(200);
  });

  const head = (changes: object) =>
    JSON.stringify({ method: 'POST', path: '/v1/probe', headers: {}, bytes: 0, ...changes });
  it.each<[string, string | Buffer, number]>([
    ['bytes first', Buffer.from(head({})), 1002],
    ['no JSON', 'GET /health HTTP/1.1', 1002],
    ['no object', 'null', 1002],
    ['an unknown method', head({ method: 'CONNECT' }), 1002],
    ['an address with a host', head({ path: 'http://example.com/' }), 1002],
    ['a line break in the path', head({ path: '/health\r\nX: y' }), 1002],
    ['a line break in a header', head({ headers: { a: 'b\r\nHost: evil' } }), 1002],
    ['half a byte', head({ bytes: 0.5 }), 1002],
    ['less than no bytes', head({ bytes: -1 }), 1002],
    ['a long head', head({ headers: { a: 'b'.repeat(20_000) } }), 1002],
    ['a message larger than is taken', 'x'.repeat(TUNNEL_CHUNK + 1), 1009],
  ])('hangs up on %s', async (_what, first, code) => {
    expect(await open(first).closed).toBe(code);
    expect((await ask('/health')).status).toBe(200);
  });

  it('hangs up when more comes than was said', async () => {
    const { socket, closed } = open(head({ bytes: 2, headers: { 'content-type': 'application/octet-stream' } }));
    socket.once('open', () => socket.send(Buffer.alloc(3)));
    expect(await closed).toBe(1002);
  });

  it('is an address for WebSockets only', async () => {
    expectError(await talk(stage.port, lines(stage.port, `GET ${TUNNEL_PATH}`)), 'BAD_REQUEST');
  });

  it('a WebSocket to any other address is answered like any request', async () => {
    const wanted = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ];
    expect((await talk(stage.port, lines(stage.port, 'GET /health', wanted)))?.status).toBe(200);
  });

  it('programs that offer HTTP/2 are answered in HTTP/1, with their bodies read', async () => {
    const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    const picture = Object.entries(rawHeaders(1, 1, 3)).map(([name, value]) => `${name}: ${value}`);
    const request = lines(stage.port, 'POST /v1/mattes', [...offer, ...picture, 'Content-Length: 3'], 'abc');
    expect((await talk(stage.port, request))?.status).toBe(200);
  });
});

async function metrics(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${stage.port}/metrics`)).text();
}
