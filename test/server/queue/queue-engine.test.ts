import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HEADERS } from '../../../protocol/matte.ts';
import { REDIS } from '../../fixtures/redis-server.ts';
import { until } from '../until.ts';
import { ask, PIECE, ScriptedEngine, Studio, textOf } from './studio.ts';

describe.skipIf(REDIS === null)('a server with a queue', () => {
  let studio: Studio;

  beforeEach(async () => {
    studio = await Studio.start();
  });
  afterEach(() => studio.close());

  it('answers with what a worker made of the picture, and leaves nothing in the queue', async () => {
    await studio.work();
    const server = studio.serve();
    const told: number[] = [];
    const answer = await ask(server, 'echo', 'a picture', { onProgress: (fraction) => told.push(fraction) });
    expect(answer).toMatchObject({ type: 'text/plain', body: Buffer.from('a picture'), timings: { inference: 1 } });
    expect(answer.headers).toMatchObject({ 'x-bytes': 9, 'x-model': 'auto' });
    expect(told).toEqual([0.5]);
    await studio.untilEmpty();
  });

  it('moves pictures and results of many chunks unchanged, and streams those too large for memory', async () => {
    await studio.work();
    const server = studio.serve();
    const large = 'ab'.repeat(4_500_000);
    expect((await textOf(ask(server, 'echo', large))) === large).toBe(true);
    const bytes = 40 * 1024 * 1024 + 5;
    const { body } = await ask(server, `stream ${bytes}`);
    expect(body).toBeInstanceOf(Readable);
    let at = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (const place of [0, chunk.length - 1])
        if (chunk[place] !== (Math.floor((at + place) / PIECE) & 255)) throw new Error(`wrong at ${at + place}`);
      at += chunk.length;
    }
    expect(at).toBe(bytes);
    await studio.untilEmpty();
  });

  it('deletes the rest of a streamed result when its reader leaves', async () => {
    await studio.work();
    const { body } = await ask(studio.serve(), `stream ${40 * 1024 * 1024}`);
    for await (const _ of body as Readable) break;
    await studio.untilEmpty();
  });

  it('passes on the documented error of a worker, and none twice', async () => {
    const engine = new ScriptedEngine();
    await studio.work(engine);
    const server = studio.serve();
    await expect(ask(server, 'fail')).rejects.toMatchObject({ code: 'TRUNCATED_IMAGE', message: 'Half of it.' });
    await expect(ask(server, 'throw')).rejects.toThrow('not foreseen');
    expect(engine.begun).toHaveLength(2);
    await studio.untilEmpty();
  });

  it('finds kept mattes on the worker that made them', async () => {
    const workers = [new ScriptedEngine(), new ScriptedEngine()];
    for (const engine of workers) await studio.work(engine, { concurrency: 1 });
    const [one, other] = [studio.serve(), studio.serve()];
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => ask(one, 'slow 50', name)));
    expect(workers.every(({ kept }) => kept.size > 0)).toBe(true);
    for (const { headers } of answers) {
      const id = String(headers[HEADERS.matteId]);
      const task = { id, settings: {}, type: 'image/png' };
      // Whichever server is asked.
      expect(await other.weighEdge(task)).toBe(12);
      const edge = await other.edge(task, { signal: new AbortController().signal });
      expect(edge.headers[HEADERS.matteId]).toBe(id);
      expect(String(edge.body)).toBe(`edge of ${id.split('.')[1]}`);
      expect(await one.forget(id)).toBe(true);
      expect(await one.forget(id)).toBe(false);
      await expect(one.edge(task, { signal: new AbortController().signal })).rejects.toMatchObject({
        code: 'MATTE_GONE',
      });
    }
    await studio.untilEmpty();
  });

  it('says MATTE_GONE once the worker that keeps a matte has left', async () => {
    const { close } = await studio.work();
    await studio.work();
    const server = studio.serve();
    const { headers } = await ask(server, 'echo');
    const id = String(headers[HEADERS.matteId]);
    await close();
    await studio.work();
    if (await server.forget(id)) return; // It was made by the other one.
    await expect(server.weighEdge({ id, settings: {}, type: 'image/png' })).rejects.toMatchObject({
      code: 'MATTE_GONE',
    });
    for (const wrong of ['', 'x', '../..', 'a.b.c'])
      await expect(server.weighEdge({ id: wrong, settings: {}, type: '' })).rejects.toMatchObject({
        code: 'MATTE_GONE',
      });
  });

  it('stops a picture in progress and takes back one that waits when its client leaves', async () => {
    const engine = new ScriptedEngine();
    await studio.work(engine, { concurrency: 1 });
    const server = studio.serve();
    const [running, waiting] = [new AbortController(), new AbortController()];
    const first = ask(server, 'hang', 'running', { signal: running.signal });
    await until(() => engine.begun.length === 1);
    const second = ask(server, 'echo', 'waiting', { signal: waiting.signal });
    await until(async () => (await studio.redis.leftovers()).some((key) => key.endsWith(':prioritized')));
    waiting.abort(new Error('left'));
    await expect(second).rejects.toThrow('left');
    running.abort(new Error('left too'));
    await expect(first).rejects.toThrow('left too');
    await until(() => engine.stopped.length === 1);
    expect(await textOf(ask(server, 'echo', 'next'))).toBe('next');
    expect(engine.begun).toEqual(['running', 'next']);
    await studio.untilEmpty();
  });

  it('ends a picture that takes too long', async () => {
    const engine = new ScriptedEngine();
    await studio.work(engine, { maxJobTime: 300 });
    await expect(ask(studio.serve(), 'hang')).rejects.toMatchObject({ code: 'DEADLINE_PASSED' });
    await until(() => engine.stopped.length === 1);
  });

  it('refuses pictures while as many wait as may, and takes them again afterwards', async () => {
    const engine = new ScriptedEngine();
    await studio.work(engine, { concurrency: 1 });
    const server = studio.serve({ maxWaiting: 2 });
    const leaving = new AbortController();
    const running = ask(server, 'hang', 'r', { signal: leaving.signal });
    await until(() => engine.begun.length === 1);
    const waiting = [ask(server, 'echo', 'a'), ask(server, 'echo', 'b')];
    await until(() => server.queued === 3);
    await until(async () => (await studio.redis.client.zcard(await prioritized())) === 2);
    await expect(ask(server, 'echo', 'c')).rejects.toMatchObject({ code: 'QUEUE_FULL', status: 503 });
    leaving.abort(new Error('left'));
    await expect(running).rejects.toThrow('left');
    expect(await Promise.all(waiting.map(textOf))).toEqual(['a', 'b']);
    expect(await textOf(ask(server, 'echo', 'd'))).toBe('d');
  });

  const prioritized = async () => (await studio.redis.client.keys('*:prioritized'))[0] ?? '';

  it('lets clients of all servers take turns, and says each its place', async () => {
    const engine = new ScriptedEngine();
    await studio.work(engine, { concurrency: 1 });
    const [seat, other] = [studio.serve(), studio.serve()];
    const leaving = new AbortController();
    const blocking = ask(seat, 'hang', 'first', { signal: leaving.signal, client: 'x' });
    await until(() => engine.begun.length === 1);
    const asked: Promise<string>[] = [];
    const put = async (server: typeof seat, client: string, name: string) => {
      asked.push(textOf(ask(server, 'echo', name, { client })));
      await until(async () => (await studio.redis.client.zcard(await prioritized())) === asked.length);
    };
    for (const name of ['a1', 'a2', 'a3', 'a4']) await put(seat, 'a', name);
    await put(other, 'b', 'b1');
    await put(other, 'b', 'b2');
    await put(seat, 'c', 'c1');
    await until(() => other.placeOf('b') === 2 && seat.placeOf('a') === 1 && seat.placeOf('c') === 3);
    expect(seat.placeOf('nobody')).toBeNull();
    leaving.abort(new Error('left'));
    await expect(blocking).rejects.toThrow('left');
    await Promise.all(asked);
    expect(engine.begun).toEqual(['first', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
    expect(seat.placeOf('a')).toBeNull();
  });

  it('says what works for it, and what is missing', async () => {
    const server = studio.serve({}, { workerWithin: 300 });
    expect(await server.status('auto')).toMatchObject({
      state: 'loading',
      reason: 'No worker of the studio is running.',
    });
    await expect(ask(server, 'echo')).rejects.toMatchObject({ code: 'NO_WORKERS' });
    expect(() => server.checkModel('auto', 'portrait')).toThrow('No computer of the studio');
    expect(() => server.checkModel('unheard-of', 'portrait')).toThrow('no model of that name');
    await studio.work(new ScriptedEngine('cuda'));
    await studio.work(new ScriptedEngine('dml'));
    await studio.work(new ScriptedEngine('cpu'));
    expect(await server.prepare('auto')).toMatchObject({ state: 'ready' });
    await until(async () => (await server.status('auto')).label === '2 GPUs, 1 CPU');
    server.checkModel('auto', 'portrait');
    // A graphics card is preferred, or asked for by name.
    const gpu = studio.serve({ device: 'gpu' });
    await until(async () => (await gpu.status('auto')).label === '2 GPUs');
    const cpu = studio.serve({ device: 'cpu' });
    await until(async () => (await cpu.status('auto')).label === '1 CPU');
    expect(await studio.serve({ device: 'coreml' }).status('auto')).not.toMatchObject({ state: 'ready' });
  });

  it('has no answers from workers of another version', async () => {
    const [old, young] = [new ScriptedEngine(), new ScriptedEngine()];
    const { close } = await studio.work(old, { version: '1.0.0' });
    const server = studio.serve({}, { version: '1.0.0' });
    const next = studio.serve({}, { version: '2.0.0', workerWithin: 500 });
    expect(await textOf(ask(server, 'echo', 'one'))).toBe('one');
    await expect(ask(next, 'echo', 'none')).rejects.toMatchObject({
      code: 'NO_WORKERS',
      message: expect.stringContaining('version 1.0.0, and this server 2.0.0'),
    });
    await studio.work(young, { version: '2.0.0' });
    await until(async () => (await next.status('auto')).state === 'ready');
    const names = Array.from({ length: 20 }, (_, i) => `picture ${i}`);
    const both = names.map((name, i) => textOf(ask(i % 2 ? next : server, 'slow 5', name)));
    expect(await Promise.all(both)).toEqual(names);
    await close();
    expect(old.begun).toEqual(['one', ...names.filter((_, i) => i % 2 === 0)]);
    expect([...young.begun].sort()).toEqual(names.filter((_, i) => i % 2 === 1).sort());
  });
});
