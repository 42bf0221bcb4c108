import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { Gate, listenWith, nextDeparture, OPAQUE, until } from '../../server-fixture.ts';
import { expectError, lines, post, rawHeaders, talk } from '../../talk.ts';

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer();
});
afterAll(() => server.close());

const pixel = { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) };

async function read(port: number): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    // The whole grammar that Prometheus reads.
    expect(line).toMatch(/^[a-z_]+(\{([a-z_]+="[^"\\\n]*",?)+\})? [-+.\deInfNa]+$/);
    const at = line.lastIndexOf(' ');
    values.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return values;
}

describe('GET /metrics', () => {
  it('counts requests by route and status, and never by what was asked for', async () => {
    await post(server.port, pixel);
    await fetch(`${server.url}/secret-folder/portrait.jpg?name=secret-name`);
    await fetch(`${server.url}/v1/mattes?secret-name`);
    await post(server.port, { ...pixel, query: '?model=secret-model' });
    await fetch(`${server.url}/health`, { headers: { origin: 'https://secret-name.example' } });
    const values = await read(server.port);
    const count = (method: string, route: string, status: number) =>
      values.get(`hairline_http_requests_total{method="${method}",route="${route}",status="${status}"}`);
    expect(count('POST', '/v1/mattes', 200)).toBe(1);
    expect(count('POST', '/v1/mattes', 404)).toBe(1);
    expect(count('GET', 'none', 404)).toBe(1);
    expect(count('GET', 'none', 405)).toBe(1);
    expect(count('GET', '/health', 403)).toBe(1);
    expect([...values.keys()].join('\n')).not.toContain('secret');
  });

  it('tells times by stage, the model, the queue and memory', async () => {
    await post(server.port, pixel);
    const values = await read(server.port);
    for (const stage of ['decode', 'queue', 'inference', 'upsample', 'finish'])
      expect(values.get(`hairline_matte_stage_seconds_count{stage="${stage}"}`), stage).toBeGreaterThan(0);
    expect(values.get('hairline_model_state{model="stand-in",state="ready",provider="cpu"}')).toBe(1);
    expect(values.get('hairline_queue_length')).toBe(0);
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(values.get('process_start_time_seconds')).toBeLessThan(Date.now() / 1000);
  });

  it('counts pictures in progress, and clients that left', async () => {
    const gate = new Gate();
    const stage = await listenWith(async () => gate.pass().then(OPAQUE));
    const controller = new AbortController();
    const left = post(stage.port, { ...pixel, signal: controller.signal }).catch(() => 'left');
    await until(() => gate.waiting === 1);
    expect((await read(stage.port)).get('hairline_jobs')).toBe(1);
    const departure = nextDeparture(stage);
    controller.abort();
    await Promise.all([left, departure]);
    gate.open();
    const cancelled = 'hairline_http_requests_total{method="POST",route="/v1/mattes",status="499"}';
    await until(async () => (await read(stage.port)).get(cancelled) === 1);
    await until(async () => (await read(stage.port)).get('hairline_jobs') === 0);
    expect((await read(stage.port)).get(cancelled)).toBe(1);
    await stage.close();
  });

  it('has numbers of its own in each server', async () => {
    const stage = await listenWith(async () => OPAQUE());
    const values = await read(stage.port);
    expect([...values.keys()].filter((key) => key.startsWith('hairline_http'))).toEqual([]);
    await stage.close();
  });

  it('is behind the same access control', async () => {
    const origin = ['Origin: https://example.com'];
    expectError(await talk(server.port, lines(server.port, 'GET /metrics', origin)), 'FORBIDDEN_ORIGIN');
    expectError(await talk(server.port, lines(server.port, 'GET /metrics', ['Host: example.com'])), 'FORBIDDEN_HOST');
    expectError(await talk(server.port, lines(server.port, 'POST /metrics')), 'METHOD_NOT_ALLOWED');
  });
});
