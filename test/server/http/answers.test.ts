import type { FastifyInstance, FastifyRequest } from 'fastify';
import Value from 'typebox/value';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { JobInfo } from '../../../protocol/schemas/job.ts';
import { PixelHeaders } from '../../../protocol/schemas/matte.ts';
import { ClippingPath } from '../../../protocol/schemas/path.ts';
import { TunnelNews } from '../../../protocol/schemas/tunnel.ts';
import { TUNNEL_PATH } from '../../../protocol/tunnel.ts';
import type {} from '../../../server/http/openapi.ts';
import { SECURITY_HEADERS } from '../../../server/http/security-headers.ts';
import { Gate, listenWith, OPAQUE, type Stage, standInDesk, until } from '../server-fixture.ts';
import { type Answer, lines, post, rawHeaders, talk } from '../talk.ts';

/** A JSON answer as the route gave it, before Fastify drops the fields that its schema lacks. */
interface Given {
  answer: string;
  payload: unknown;
  schema: object | undefined;
}
const given: Given[] = [];

function note(request: FastifyRequest, status: number, payload: unknown): void {
  const { method, url, schema, config } = request.routeOptions;
  // `/docs/json` is OpenAPI, checked by its own test.
  if (url === undefined || (schema && 'hide' in schema)) return;
  const responses = { ...schema, ...config.described }.response as Record<number, object> | undefined;
  given.push({ answer: `${method} ${url} ${status}`, payload, schema: responses?.[status] });
}

vi.mock('fastify', async (load) => {
  const { default: create, ...rest } = await load<typeof import('fastify')>();
  return {
    ...rest,
    default: (options: object): FastifyInstance => {
      const app = create(options) as FastifyInstance;
      // Hooks of later plugins run inside of this one, so that none of them is missed.
      return app.addHook('preSerialization', async (request, reply, payload) => {
        note(request, reply.statusCode, payload);
        return payload;
      });
    },
  };
});

/** The same schema, in which no object may have properties that are not listed. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const closed = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, close(value)]));
  return 'properties' in schema ? { ...closed, additionalProperties: false } : closed;
}

function faultsOf(schema: object | undefined, payload: unknown): object[] {
  return schema ? Value.Errors(close(schema) as object, payload) : [{ message: 'no schema' }];
}

const TOKEN = 't'.repeat(43);
const PIXEL = { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) };
const AS_JOB = { ...PIXEL, headers: { ...PIXEL.headers, prefer: 'respond-async' } };

let stage: Stage;
let gate: Gate;
let fails = false;
async function start(): Promise<void> {
  gate = new Gate();
  fails = false;
  stage = await listenWith(
    async () => {
      await gate.pass();
      if (fails) throw new Error('The network failed.');
      return OPAQUE();
    },
    { concurrency: 1 },
    { token: TOKEN, begin: () => undefined },
    undefined,
    undefined,
    undefined,
    standInDesk(),
  );
}
afterEach(async () => {
  gate.open();
  await stage.close();
});

const ask = (method: string, path: string, headers: string[] = []) =>
  talk(stage.port, lines(stage.port, `${method} ${path}`, ['Connection: close', ...headers]));
const jsonOf = (answer: Answer | null) => JSON.parse(String(answer?.body)) as JobInfo;
const submit = async () => jsonOf(await post(stage.port, AS_JOB)).id;
const stateOf = async (id: string) => jsonOf(await ask('GET', `/v1/jobs/${id}`)).state;

async function askEverything(): Promise<void> {
  for (const path of ['/health', '/ready', '/v1/models']) {
    await ask('GET', path);
    await ask('GET', path, ['Origin: https://example.com']);
  }
  await ask('POST', '/v1/probe?id=probe-of-answers', ['Content-Length: 0']);
  await ask('POST', '/v1/probe?delay=91', ['Content-Length: 0']);
  await ask('GET', '/v1/probe/probe-of-answers');
  const [first, second] = [await submit(), await submit()];
  await until(() => gate.waiting === 1);
  expect([await stateOf(first), await stateOf(second)]).toEqual(['running', 'queued']);
  await ask('GET', '/ready');
  await ask('GET', `/v1/jobs/${first}/result`);
  gate.open();
  await until(async () => (await stateOf(first)) === 'done' && (await stateOf(second)) === 'done');
  await ask('GET', '/ready');
  await askPaths();
  fails = true;
  const third = await submit();
  await until(async () => (await stateOf(third)) === 'failed');
  await post(stage.port, PIXEL);
  await ask('GET', `/v1/jobs/${third}/result`);
  for (const path of ['/v1/jobs/gone', '/v1/jobs/gone/result', '/v1/probe/never-was-sent']) await ask('GET', path);
  for (const path of ['/v1/jobs/gone', '/v1/mattes/gone']) await ask('DELETE', path);
  await ask('POST', '/v1/mattes?depth=9', ['Content-Type: image/png', 'Content-Length: 0']);
  await ask('POST', '/v1/mattes', ['Content-Type: text/plain', 'Content-Length: 0']);
  await ask('POST', '/v1/mattes', ['Content-Type: image/png', 'Content-Length: 0']);
  const edge = ['Content-Type: application/json', 'Content-Length: 2'];
  for (const body of ['{}', '[]']) await talk(stage.port, lines(stage.port, 'POST /v1/mattes/gone/edge', edge, body));
  await ask('POST', '/v1/mattes/gone/edge', ['Content-Type: text/plain', 'Content-Length: 0']);
  await ask('GET', '/api/remove');
  await ask('GET', '/api/remove?url=http://127.0.0.1/a.png');
  await ask('POST', '/api/remove', ['Content-Length: 0']);
  await ask('GET', TUNNEL_PATH);
  await ask('GET', '/metrics', ['Origin: https://example.com']);
  await askControl();
  await ask('POST', '/v1/shutdown');
  await ask('POST', '/v1/shutdown', [`Authorization: Bearer ${TOKEN}`]);
}

/** The worker makes these answers, so no hook sees them. */
async function askPaths(): Promise<void> {
  const { headers, body } = PIXEL;
  const url = `http://127.0.0.1:${stage.port}/v1/mattes`;
  const matte = await fetch(`${url}?output=path`, { method: 'POST', headers, body });
  const id = matte.headers.get('x-matte-id');
  const json = { 'content-type': 'application/json' };
  const edge = await fetch(`${url}/${id}/edge`, { method: 'POST', headers: json, body: '{"output":"path"}' });
  for (const [route, answer] of [['POST /v1/mattes', matte] as const, ['POST /v1/mattes/:id/edge', edge] as const])
    given.push({ answer: `${route} ${answer.status}`, payload: await answer.json(), schema: ClippingPath });
}

async function askControl(): Promise<void> {
  const bearer = (token: string) => [`Authorization: Bearer ${token}`, 'Content-Length: 0'];
  const textOf = async (path: string, token: string) =>
    JSON.parse(String((await ask('POST', path, bearer(token)))?.body));
  const { ticket } = await textOf('/v1/control/ticket', TOKEN);
  const { token } = await textOf('/v1/control/session', ticket);
  const routes = [
    'GET /v1/control',
    ...['panel', 'log', 'update', 'stop', 'ticket', 'session', 'models/none'].map((name) => `POST /v1/control/${name}`),
    ...['autostart', 'updates', 'models/stand-in'].flatMap((name) =>
      ['POST', 'DELETE'].map((method) => `${method} /v1/control/${name}`),
    ),
  ];
  for (const route of routes) {
    const [method, path] = route.split(' ') as [string, string];
    await ask(method, path, bearer(token));
    await ask(method, path, bearer('wrong'));
  }
}

describe('answers', () => {
  it('have no field and no error code that the schema of their route lacks', async () => {
    await start();
    given.length = 0;
    await askEverything();
    const described = (await (await fetch(`http://127.0.0.1:${stage.port}/docs/json`)).json()) as {
      paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
    };
    const seen = new Set(given.map(({ answer }) => answer));
    const faults = given.map(({ answer, payload, schema }) => ({ answer, payload, faults: faultsOf(schema, payload) }));
    expect(faults.filter(({ faults }) => faults.length > 0)).toEqual([]);
    // Every JSON answer of the description that is no error, and at least one error of every route.
    const missing = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) => {
        const route = `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`;
        const failed = [...seen].some((answer) => answer.startsWith(`${route} `) && / [45]\d\d$/.test(answer));
        const answers = Object.entries(responses)
          .filter(([status, { content = {} }]) => Number(status) < 400 && 'application/json' in content)
          .map(([status]) => `${route} ${status}`);
        return [...answers.filter((answer) => !seen.has(answer)), ...(failed ? [] : [`an error of ${route}`])];
      }),
    );
    expect(missing).toEqual([]);
  });

  it('with pixels have no header of ours that the description lacks', async () => {
    await start();
    gate.open();
    const matte = await post(stage.port, PIXEL);
    const id = matte.headers.get('x-matte-id');
    const edge = await fetch(`http://127.0.0.1:${stage.port}/v1/mattes/${id}/edge`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"width":16}' },
    });
    const job = await submit();
    await until(async () => (await stateOf(job)) === 'done');
    const result = await ask('GET', `/v1/jobs/${job}/result`);
    const general = Object.keys(SECURITY_HEADERS);
    for (const { status, headers } of [matte, edge, result!]) {
      expect(status).toBe(200);
      const ours = [...headers.keys()].filter((name) => /^x-|^server-timing$/.test(name) && !general.includes(name));
      expect(Object.keys(PixelHeaders.properties)).toEqual(expect.arrayContaining(ours));
      expect(ours).toContain('x-image-width');
    }
  });

  it('over the tunnel are messages of its schema, and no others', async () => {
    await start();
    gate.open();
    const socket = new WebSocket(`ws://127.0.0.1:${stage.port}${TUNNEL_PATH}`);
    const messages: unknown[] = [];
    socket.on('message', (data, isBinary) => isBinary || messages.push(JSON.parse(String(data))));
    socket.once('open', () => {
      socket.send(JSON.stringify({ method: 'POST', path: '/v1/mattes', headers: PIXEL.headers, bytes: 3 }));
      socket.send(PIXEL.body);
    });
    await new Promise((resolve) => socket.once('close', resolve));
    expect(messages.map((message) => Object.keys(message as object).join())).toEqual([
      'taken',
      'status,headers',
      'end',
    ]);
    for (const message of messages) expect(faultsOf(TunnelNews, message)).toEqual([]);
  });
});
