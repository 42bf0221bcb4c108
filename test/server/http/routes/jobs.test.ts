import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../../protocol/errors.ts';
import type { JobInfo } from '../../../../protocol/schemas/job.ts';
import type { Config } from '../../../../server/config/config.ts';
import { Gate, listenWith, nextDeparture, OPAQUE, type Stage, until } from '../../server-fixture.ts';
import { type Answer, expectError, post, rawHeaders } from '../../talk.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let stage: Stage;
let gate: Gate;
afterEach(async () => {
  gate.open();
  await stage.close();
});

async function start(settings: Partial<Config> = {}): Promise<void> {
  gate = new Gate();
  stage = await listenWith(async () => gate.pass().then(OPAQUE), settings);
}

const pixel = (prefer: string, more: Record<string, string> = {}) => ({
  headers: { ...rawHeaders(1, 1, 3), prefer, ...more },
  body: Uint8Array.of(1, 2, 3),
});

async function ask(path: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${stage.port}${path}`, { method });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: new Map(response.headers), body };
}

const infoOf = ({ body }: Answer) => JSON.parse(body.toString()) as JobInfo;
const look = async (id: string) => infoOf(await ask(`/v1/jobs/${id}`));
const metric = async (name: string) =>
  Number(new RegExp(`^${name} (.*)$`, 'm').exec((await ask('/metrics')).body.toString())?.[1]);

async function submit(prefer = 'respond-async', more = {}): Promise<JobInfo> {
  const answer = await post(stage.port, pixel(prefer, more));
  expect(answer.status).toBe(202);
  return infoOf(answer);
}

describe('Prefer: respond-async', () => {
  it('is answered with a job, whose result is that of the same request without it', async () => {
    await start();
    const accepted = await post(stage.port, pixel('respond-async'));
    const { id } = infoOf(accepted);
    expect(id).toMatch(UUID);
    expect(accepted.status).toBe(202);
    expect(Object.fromEntries(accepted.headers)).toMatchObject({
      location: `/v1/jobs/${id}`,
      'preference-applied': 'respond-async',
      'retry-after': expect.stringMatching(/^\d+$/),
    });
    await until(() => gate.waiting === 1);
    expect(await look(id)).toMatchObject({ id, state: 'running', ahead: 0, error: null, result: null });
    expectError(await ask(`/v1/jobs/${id}/result`), 'JOB_PENDING');
    gate.open();
    await until(async () => (await look(id)).state === 'done');
    const info = await look(id);
    expect(info).toMatchObject({ progress: 1, estimate: null, result: `/v1/jobs/${id}/result` });
    const direct = await post(stage.port, { ...pixel(''), headers: rawHeaders(1, 1, 3) });
    for (let i = 0; i < 2; i++) {
      const result = await ask(info.result!);
      expect(result.status).toBe(200);
      expect(result.body).toEqual(direct.body);
      for (const name of ['content-type', 'x-image-width', 'x-model', 'x-provider'])
        expect(result.headers.get(name)).toBe(direct.headers.get(name));
      expect(result.headers.get('x-matte-id')).toMatch(UUID);
    }
    expect([await metric('hairline_jobs'), await metric('hairline_jobs_known')]).toEqual([0, 1]);
    expect(await metric('hairline_job_result_bytes')).toBe(1);
    expect((await ask(`/v1/jobs/${id}`, 'DELETE')).status).toBe(204);
    expect([await metric('hairline_jobs_known'), await metric('hairline_job_result_bytes')]).toEqual([0, 0]);
    expectError(await ask(`/v1/jobs/${id}`), 'JOB_GONE');
  });

  it('keeps whole documents as well', async () => {
    await start();
    gate.open();
    const { headers, body } = pixel('respond-async, wait=20');
    const direct = await post(stage.port, { query: '?output=psd', headers: { ...headers, accept: '*/*' }, body });
    expect(direct.status).toBe(200);
    expect(direct.body.toString('latin1', 0, 4)).toBe('8BPS');
    expect(Number(direct.headers.get('content-length'))).toBe(direct.body.length);
    expect(await metric('hairline_jobs_known')).toBe(0);
  });

  it('tells how many are before it, client by client', async () => {
    await start({ concurrency: 1 });
    const names = ['one', 'one', 'one', 'two', 'three', 'two'];
    const infos: JobInfo[] = [];
    for (const name of names) infos.push(await submit('respond-async', { 'user-agent': name }));
    await until(() => gate.waiting === 1);
    expect(infos.map(({ ahead }) => ahead)).toEqual([0, 0, 1, 1, 2, 4]);
    const places = await Promise.all(infos.map(async ({ id }) => (await look(id)).ahead));
    expect(places).toEqual([0, 0, 3, 1, 2, 4]);
    expect(await metric('hairline_turns_waiting')).toBe(5);
    gate.open();
    await until(async () =>
      (await Promise.all(infos.map(({ id }) => look(id)))).every(({ state }) => state === 'done'),
    );
  });

  it('fails as the request would have failed', async () => {
    await start();
    const answer = await post(stage.port, {
      headers: { 'content-type': 'image/png', prefer: 'respond-async' },
      body: Buffer.from('no picture'),
    });
    const { id } = infoOf(answer);
    await until(async () => (await look(id)).state === 'failed');
    const { error } = await look(id);
    expect(error).toEqual({ code: 'NOT_AN_IMAGE', message: expect.any(String), hint: ERRORS.NOT_AN_IMAGE[2] });
    expectError(await ask(`/v1/jobs/${id}/result`), 'NOT_AN_IMAGE');
    expectError(await post(stage.port, { ...pixel('respond-async'), query: '?model=none' }), 'UNKNOWN_MODEL');
    expect(await metric('hairline_jobs_known')).toBe(1);
  });

  it('holds its place in the queue until the work has ended', async () => {
    await start({ maxJobs: 2, concurrency: 1 });
    const [first, second] = [await submit(), await submit()];
    expectError(await post(stage.port, pixel('respond-async')), 'QUEUE_FULL');
    expect((await ask(`/v1/jobs/${second.id}`, 'DELETE')).status).toBe(204);
    expect(await look(second.id)).toMatchObject({ state: 'cancelled', result: null });
    expectError(await ask(`/v1/jobs/${second.id}/result`), 'CANCELLED');
    const third = await submit();
    // The network cannot be stopped in the middle of a run: the place is given back after it.
    await ask(`/v1/jobs/${first.id}`, 'DELETE');
    expect((await look(first.id)).state).toBe('cancelled');
    expectError(await post(stage.port, pixel('respond-async')), 'QUEUE_FULL');
    gate.open();
    await until(async () => (await look(third.id)).state === 'done');
    await until(async () => (await metric('hairline_jobs')) === 0);
    expect(await metric('hairline_turns_running')).toBe(0);
  });

  it('is forgotten some time after its end', async () => {
    await start({ keepJobsFor: 30 });
    gate.open();
    const { id } = await submit();
    await until(async () => (await ask(`/v1/jobs/${id}`)).status === 404);
    expect(await metric('hairline_job_result_bytes')).toBe(0);
  });

  it('takes no more jobs than it can keep results for', async () => {
    await start({ maxResultBytes: 1 });
    gate.open();
    const { id } = await submit('respond-async');
    await until(async () => (await look(id)).state === 'done');
    expectError(await post(stage.port, pixel('respond-async')), 'QUEUE_FULL');
    await until(async () => (await metric('hairline_jobs')) === 0);
    await ask(`/v1/jobs/${id}/result`);
    const next = await submit('respond-async');
    expectError(await ask(`/v1/jobs/${id}`), 'JOB_GONE');
    await until(async () => (await look(next.id)).state === 'done');
    const large = await post(stage.port, {
      headers: { ...rawHeaders(2, 1, 3), prefer: 'respond-async, wait=20', 'user-agent': 'other' },
      body: new Uint8Array(6),
    });
    expectError(large, 'QUEUE_FULL');
    await ask(`/v1/jobs/${next.id}`, 'DELETE');
    const tooLarge = { headers: { ...rawHeaders(2, 1, 3), prefer: 'respond-async, wait=20' }, body: new Uint8Array(6) };
    expectError(await post(stage.port, tooLarge), 'RESULT_TOO_LARGE');
  });
});

describe('wait=N', () => {
  it('beside respond-async gives the result itself when it is there in time, and a job when not', async () => {
    await start();
    const job = infoOf(await post(stage.port, pixel('respond-async, wait=1')));
    expect(job).toMatchObject({ state: 'running' });
    const direct = post(stage.port, pixel('wait=60, respond-async', { 'user-agent': 'other' }));
    await until(async () => (await metric('hairline_jobs')) === 2);
    gate.open();
    const answer = await direct;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('wait=60');
    expect(answer.body).toEqual(Buffer.from([255]));
    await until(async () => (await look(job.id)).state === 'done');
    expect(await metric('hairline_jobs_known')).toBe(1);
  });

  it('alone is a deadline for waiting and work', async () => {
    await start({ concurrency: 1 });
    const first = post(stage.port, pixel(''));
    await until(() => gate.waiting === 1);
    const late = await post(stage.port, pixel('wait=0'));
    expectError(late, 'DEADLINE_PASSED');
    expect(late.headers.get('preference-applied')).toBe('wait=0');
    gate.open();
    expect((await first).status).toBe(200);
    expect((await post(stage.port, pixel('wait=60'))).status).toBe(200);
    expect(await metric('hairline_jobs')).toBe(0);
  });

  it('ends for a client that disconnects, together with its undelivered job', async () => {
    await start();
    const controller = new AbortController();
    const gone = post(stage.port, { ...pixel('respond-async, wait=60'), signal: controller.signal }).catch(() => null);
    await until(() => gate.waiting === 1);
    const left = nextDeparture(stage);
    controller.abort();
    await Promise.all([gone, left]);
    await until(async () => (await metric('hairline_jobs_known')) === 0);
    gate.open();
    await until(async () => (await metric('hairline_jobs')) === 0);
  });
});

describe('the server', () => {
  it('keeps silently waiting clients connected, and disconnects those that do not read', async () => {
    await start();
    stage.app.server.timeout = 400;
    const answers = ['', 'respond-async, wait=60', 'wait=60'].map((prefer) => post(stage.port, pixel(prefer)));
    await until(async () => (await metric('hairline_jobs')) === 3);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    gate.open();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    const socket = connect(stage.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('close', resolve));
  });

  it('stops work that takes longer than it may', async () => {
    await start({ maxJobTime: 20 });
    const answer = post(stage.port, pixel(''));
    const { id } = await submit();
    await new Promise((resolve) => setTimeout(resolve, 60));
    gate.open();
    expectError(await answer, 'DEADLINE_PASSED');
    await until(async () => (await look(id)).state === 'failed');
    expectError(await ask(`/v1/jobs/${id}/result`), 'DEADLINE_PASSED');
    expect(await metric('hairline_jobs')).toBe(0);
  });

  it('fails waiting jobs at shutdown, and finishes work of open requests', async () => {
    await start({ concurrency: 1 });
    const running = post(stage.port, pixel(''));
    await until(() => gate.waiting === 1);
    await submit();
    const waiting = post(stage.port, pixel('respond-async, wait=60'));
    await until(async () => (await metric('hairline_jobs')) === 3);
    const closed = stage.close();
    expectError(await waiting, 'SHUTTING_DOWN');
    gate.open();
    expect((await running).status).toBe(200);
    await closed;
  });

  it('does not know other jobs', async () => {
    await start();
    for (const id of ['x', '__proto__', '00000000-0000-4000-8000-000000000000']) {
      expectError(await ask(`/v1/jobs/${id}`), 'JOB_GONE');
      expectError(await ask(`/v1/jobs/${id}/result`), 'JOB_GONE');
      expectError(await ask(`/v1/jobs/${id}`, 'DELETE'), 'JOB_GONE');
    }
  });
});
