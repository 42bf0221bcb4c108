import { afterEach, describe, expect, it } from 'vitest';
import { REDIS } from '../../fixtures/redis-server.ts';
import { until } from '../until.ts';
import { ask, ScriptedEngine, Studio, textOf } from './studio.ts';

describe.skipIf(REDIS === null)('a picture in the queue', () => {
  let studio: Studio;
  afterEach(() => studio.close());

  it('is taken over from a worker that is not heard of, whose late answer counts nowhere', async () => {
    studio = await Studio.start();
    const [lost, other] = [new ScriptedEngine(), new ScriptedEngine()];
    const { worker } = await studio.work(lost, { lock: 1_000, concurrency: 1 });
    const server = studio.serve();
    let answers = 0;
    const asked = textOf(ask(server, 'slow 4000', 'the picture')).then((text) => {
      answers++;
      return text;
    });
    await until(() => lost.begun.length === 1);
    // As when its computer sleeps: it goes on afterwards and knows nothing.
    await studio.redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const locks = await studio.redis.client.keys('*:lock');
    await studio.redis.client.del(...locks);
    await studio.work(other, { lock: 1_000 });
    expect(await asked).toBe('the picture');
    expect(answers).toBe(1);
    expect(lost.begun.length + other.begun.length).toBeGreaterThan(1);
    await until(() => worker.info.running === 0);
    await studio.untilEmpty();
  });

  it('survives a queue that is killed and keeps its file', async () => {
    studio = await Studio.start('--appendonly', 'yes', '--appendfsync', 'everysec');
    const engine = new ScriptedEngine();
    await studio.work(engine, { concurrency: 1 });
    const server = studio.serve();
    const names = ['a', 'b', 'c', 'd', 'e'];
    const asked = Promise.all(names.map((name) => textOf(ask(server, 'slow 200', name))));
    await until(() => engine.begun.length === 2);
    await studio.redis.kill();
    await studio.redis.begin();
    expect(await asked).toEqual(names);
    expect(await textOf(ask(server, 'echo', 'afterwards'))).toBe('afterwards');
    await studio.untilEmpty();
  });

  it('survives a queue that forgets everything', async () => {
    studio = await Studio.start();
    const engine = new ScriptedEngine();
    await studio.work(engine, { concurrency: 1 });
    const server = studio.serve();
    const names = ['a', 'b', 'c'];
    const asked = Promise.all(names.map((name) => textOf(ask(server, 'slow 300', name))));
    await until(() => engine.begun.length === 1);
    await studio.redis.kill();
    await studio.redis.begin();
    expect(await asked).toEqual(names);
  });

  it('waits while the queue hangs, and is refused at once when that lasts', async () => {
    studio = await Studio.start();
    await studio.work();
    const server = studio.serve();
    await server.prepare('auto');
    studio.redis.pause();
    const asked = textOf(ask(server, 'echo', 'late'));
    await until(async () => (await server.status('auto')).state === 'failed');
    expect(await server.status('auto')).toMatchObject({ reason: 'The queue of the studio cannot be reached.' });
    studio.redis.resume();
    expect(await asked).toBe('late');
  });

  it('is stopped at once while the queue hangs, when its client leaves', async () => {
    studio = await Studio.start();
    await studio.work();
    const server = studio.serve();
    await server.prepare('auto');
    studio.redis.pause();
    const leaving = new AbortController();
    const asked = ask(server, 'echo', 'late', { signal: leaving.signal });
    setTimeout(() => leaving.abort(new Error('left')), 50);
    await expect(asked).rejects.toThrow('left');
    studio.redis.resume();
  });

  it('gets a refusal when the queue is full, and an answer once there is room', async () => {
    studio = await Studio.start('--maxmemory', '6mb', '--maxmemory-policy', 'noeviction');
    await studio.work();
    const server = studio.serve();
    expect(await textOf(ask(server, 'echo', 'small'))).toBe('small');
    await expect(ask(server, 'echo', 'x'.repeat(30_000_000))).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      status: 503,
    });
    await until(async () => (await studio.redis.leftovers()).every((key) => !key.includes(':chunk:')));
    // Redis frees memory in the background.
    const again = () => textOf(ask(server, 'echo', 'small again')).catch(() => null);
    await until(async () => (await again()) === 'small again');
  });

  it('goes to another worker when one drains, which finishes what it has', async () => {
    studio = await Studio.start();
    const [leaving, staying] = [new ScriptedEngine(), new ScriptedEngine()];
    const first = await studio.work(leaving, { concurrency: 2 });
    const server = studio.serve();
    const names = Array.from({ length: 12 }, (_, i) => `picture ${i}`);
    const asked = Promise.all(names.map((name) => textOf(ask(server, 'slow 100', name))));
    await until(() => leaving.begun.length > 2);
    await studio.work(staying);
    await first.close();
    expect(await asked).toEqual(names);
    // Each once.
    expect([...leaving.begun, ...staying.begun].sort()).toEqual([...names].sort());
    expect(staying.begun.length).toBeGreaterThan(0);
  });
});
