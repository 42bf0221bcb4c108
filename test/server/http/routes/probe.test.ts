import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_PROBE_BYTES } from '../../../../protocol/limits.ts';
import { listenWith, OPAQUE, type Stage, until } from '../../server-fixture.ts';
import { expectError, lines, talk } from '../../talk.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await listenWith(async () => OPAQUE());
});
afterEach(() => stage.close());

const address = (rest: string) => `http://127.0.0.1:${stage.port}/v1/probe${rest}`;
const raw = { 'content-type': 'application/octet-stream' };
const ask = async (id: string) => (await fetch(address(`/${id}`))).json();

describe('POST /v1/probe', () => {
  it('counts what arrives, with and without a body', async () => {
    const body = new Uint8Array(3_000_000);
    const sent = await fetch(address('?id=first-one'), { method: 'POST', headers: raw, body });
    expect(await sent.json()).toEqual({ state: 'answered', received: body.length });
    await until(async () => (await ask('first-one')).state === 'answered');
    const empty = await fetch(address(''), { method: 'POST' });
    expect(await empty.json()).toEqual({ state: 'answered', received: 0 });
  });

  it('tells whether a client that gave up has closed its connection', async () => {
    const leaving = new AbortController();
    const sent = fetch(address('?id=left-early&delay=90'), { method: 'POST', signal: leaving.signal });
    sent.catch(() => undefined);
    await until(async () => (await ask('left-early')).state === 'open');
    leaving.abort();
    await until(async () => (await ask('left-early')).state === 'closed');
  });

  it.each([`Content-Length: ${MAX_PROBE_BYTES + 1}`])('refuses %s before it is sent', async (length) => {
    const answer = await talk(
      stage.port,
      lines(stage.port, 'POST /v1/probe', [length, `Content-Type: ${raw['content-type']}`]),
    );
    expectError(answer, 'BODY_TOO_LARGE');
  });

  it.each(['?delay=91', '?delay=-1', '?id=short', '?more=1'])('refuses %s', async (query) => {
    expectError(await talk(stage.port, lines(stage.port, `POST /v1/probe${query}`)), 'BAD_REQUEST');
  });

  it('lets eight wait at a time, and none of them keeps the server from ending', async () => {
    const waiting = Array.from({ length: 8 }, (_, i) =>
      fetch(address(`?id=waiting-${i}&delay=90`), { method: 'POST' }),
    );
    await until(async () => (await ask('waiting-7')).state === 'open');
    expectError(await talk(stage.port, lines(stage.port, 'POST /v1/probe')), 'QUEUE_FULL');
    await stage.close();
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(503);
  });

  it('knows nothing of a probe that was never sent', async () => {
    expectError(await talk(stage.port, lines(stage.port, 'GET /v1/probe/never-sent')), 'NOT_FOUND');
  });
});
