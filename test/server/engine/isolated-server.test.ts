import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HEADERS, RAW_TYPE } from '../../../protocol/matte.ts';
import type { WorkerEngine } from '../../../server/engine/worker-engine.ts';
import { packageRoot } from '../../../server/system/package-root.ts';
import { isAlive } from '../../../server/system/process-alive.ts';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { until } from '../server-fixture.ts';

const SIZE = 64;
/** A picture of one gray: the stand-in's alpha is its brightness. */
const gray = (value: number) => new Uint8Array(SIZE * SIZE * 3).fill(value);

async function post(url: string, value: number): Promise<Response> {
  const headers = {
    'content-type': RAW_TYPE,
    [HEADERS.width]: String(SIZE),
    [HEADERS.height]: String(SIZE),
    [HEADERS.channels]: '3',
  };
  return fetch(`${url}/v1/mattes`, { method: 'POST', headers, body: gray(value) });
}

describe('a server whose engine is a process of its own', () => {
  let server: StandInServer;
  let engine: WorkerEngine;
  beforeAll(async () => {
    server = await startStandInServer({ isolate: true, unloadAfter: 0 }, { side: SIZE, install: true });
    engine = server.engine as WorkerEngine;
  });
  afterAll(() => server.close());

  const kill = async () => {
    await until(() => engine.usage !== null);
    process.kill(engine.usage!.pid, 'SIGKILL');
  };
  const ready = async () => (await fetch(`${server.url}/ready`)).json() as Promise<{ state: string; ready: boolean }>;

  it('answers mattes, edges and documents, and forgets', async () => {
    const matte = await post(server.url, 128);
    expect([matte.status, matte.headers.get(HEADERS.provider), matte.headers.get('server-timing')]).toEqual([
      200,
      'cpu',
      expect.stringContaining('inference;dur='),
    ]);
    expect(new Uint8Array(await matte.arrayBuffer()).every((value) => value === 128)).toBe(true);
    const id = matte.headers.get(HEADERS.matteId);
    const edge = await fetch(`${server.url}/v1/mattes/${id}/edge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: RAW_TYPE },
      body: JSON.stringify({ contrast: 100 }),
    });
    expect([edge.status, new Uint8Array(await edge.arrayBuffer()).every((value) => value === 255)]).toEqual([
      200,
      true,
    ]);
    const gone = await fetch(`${server.url}/v1/mattes/${id}`, { method: 'DELETE' });
    expect(gone.status).toBe(204);
    expect((await fetch(`${server.url}/v1/mattes/${id}`, { method: 'DELETE' })).status).toBe(404);
  });

  it('reports its state while the child restarts, and reloads the model automatically', async () => {
    expect(await ready()).toMatchObject({ state: 'ready', ready: true });
    await kill();
    await until(async () => (await ready()).state === 'loading');
    await expect.poll(ready, { timeout: 10_000 }).toMatchObject({ state: 'ready', ready: true });
    expect((await post(server.url, 7)).status).toBe(200);
  });

  it('keeps mattes as long as the child lives', async () => {
    const id = (await post(server.url, 200)).headers.get(HEADERS.matteId);
    await kill();
    const edge = await fetch(`${server.url}/v1/mattes/${id}/edge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(((await edge.json()) as { error: { code: string } }).error.code).toBe('MATTE_GONE');
    expect((await fetch(`${server.url}/v1/mattes/${id}`, { method: 'DELETE' })).status).toBe(404);
  });

  it('counts in /metrics', async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(Number(/^hairline_engine_restarts_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(2);
    await until(async () => {
      const body = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/^hairline_engine_memory_bytes (\d+)$/m.exec(body)?.[1]) > 1e6;
    });
  });
});

it('unloads an idle model, and loads it again for the next picture', async () => {
  const server = await startStandInServer(
    { isolate: true, unloadAfter: 300, keepLoaded: '' },
    { side: SIZE, install: true },
  );
  try {
    await until(async () => (await server.engine.status('auto')).state === 'installed');
    expect((await post(server.url, 50)).status).toBe(200);
    expect((await server.engine.status('auto')).state).toBe('ready');
    await until(async () => (await server.engine.status('auto')).state === 'installed');
  } finally {
    await server.close();
  }
});

it('keeps a model that is pinned', async () => {
  const settings = { isolate: true, unloadAfter: 50, keepLoaded: 'other, auto' };
  const server = await startStandInServer(settings, { side: SIZE, install: true });
  try {
    await delay(500);
    expect((await server.engine.status('auto')).state).toBe('ready');
  } finally {
    await server.close();
  }
});

it('leaves no orphan process when it is killed', async () => {
  const server = await startStandInServer({}, { side: SIZE, install: true });
  const script = path.join(packageRoot, 'dist', 'test', 'fixtures', 'orphan-parent.js');
  const folders = [path.join(server.folder, 'specs'), path.join(server.folder, 'cache')];
  const parent = spawn(process.execPath, [script, ...folders], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString().split(' ')[0]);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  } finally {
    parent.kill('SIGKILL');
    await server.close();
  }
});
