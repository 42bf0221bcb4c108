import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REDIS } from '../../fixtures/redis-server.ts';
import { until } from '../until.ts';
import { ask, OTHER_SECRET, ScriptedEngine, SECRET, Studio, textOf } from './studio.ts';

/** What the host of the queue could try, who sees and changes all that lies there. */
describe.skipIf(REDIS === null)('the host of the queue', () => {
  let studio: Studio;
  let engine: ScriptedEngine;

  beforeEach(async () => {
    studio = await Studio.start();
    engine = new ScriptedEngine();
  });
  afterEach(() => studio.close());

  const redis = () => studio.redis.client;
  const find = async (pattern: string) => (await redis().keys(pattern)).sort();

  /** A server whose worker is busy, so that what it puts into the queue lies there. */
  async function blocked() {
    await studio.work(engine, { concurrency: 1 });
    const server = studio.serve();
    const leaving = new AbortController();
    const blocking = ask(server, 'hang', 'blocking', { signal: leaving.signal });
    await until(() => engine.begun.length === 1);
    const open = async () => {
      leaving.abort(new Error('left'));
      await expect(blocking).rejects.toThrow('left');
    };
    const jobs = async () => await redis().zrange((await find('*:prioritized'))[0] ?? 'none', '0', '-1');
    const waiting = async (count: number) => {
      await until(async () => (await jobs()).length === count);
      return jobs();
    };
    const keyOf = async (job: string) => (await find(`hairline:queue:*:${job}`))[0]!;
    return { server, open, waiting, keyOf };
  }

  it('reads nothing of pictures, tasks, clients and computers', async () => {
    const { server, open, waiting } = await blocked();
    const picture = 'secret pixels '.repeat(50);
    const asked = textOf(ask(server, 'slow 1', picture, { client: 'client of renown' }));
    await waiting(1);
    const all: string[] = [];
    for (const key of await find('*')) {
      const type = await redis().type(key);
      const read = { string: 'get', hash: 'hgetall', list: 'lrange', zset: 'zrange', stream: 'xrange' }[type]!;
      const args = { lrange: ['0', '-1'], zrange: ['0', '-1'], xrange: ['-', '+'] }[read] ?? [];
      all.push(key, JSON.stringify(await redis().call(read, key, ...args)));
    }
    await open();
    expect(await asked).toBe(picture);
    const text = all.join('\n');
    expect(text.length).toBeGreaterThan(1000);
    for (const word of ['secret pixels', 'slow 1', 'renown', 'portrait', 'stand-in', SECRET, 'alpha'])
      expect(text).not.toContain(word);
  });

  it.each([
    ['changed', (value: string) => `${value.slice(0, 60)}${value[60] === 'A' ? 'B' : 'A'}${value.slice(61)}`],
    ['cut off', (value: string) => value.slice(0, 40)],
    ['made up', () => Buffer.from('{"ask":{"kind":"matte"}}').toString('base64')],
    ['empty', () => ''],
  ])('has a job refused that is %s', async (_how, change) => {
    const { server, open, waiting, keyOf } = await blocked();
    const asked = expect(ask(server, 'echo', 'never')).rejects.toMatchObject({ code: 'QUEUE_TAMPERED', status: 503 });
    const [job] = await waiting(1);
    const key = await keyOf(job!);
    const { order } = JSON.parse((await redis().hget(key, 'data'))!) as { order: string };
    await redis().hset(key, 'data', JSON.stringify({ order: change(order) }));
    await open();
    await asked;
    expect(engine.begun).toEqual(['blocking']);
  });

  it('has a job refused that has the order of another one', async () => {
    const { server, open, waiting, keyOf } = await blocked();
    const first = ask(server, 'echo', 'first');
    const second = ask(server, 'echo', 'second');
    first.catch(() => undefined);
    second.catch(() => undefined);
    const [a, b] = await waiting(2);
    const [keyA, keyB] = [await keyOf(a!), await keyOf(b!)];
    const [dataA, dataB] = [await redis().hget(keyA, 'data'), await redis().hget(keyB, 'data')];
    await redis().hset(keyA, 'data', dataB!);
    await redis().hset(keyB, 'data', dataA!);
    await open();
    await expect(first).rejects.toMatchObject({ code: 'QUEUE_TAMPERED' });
    await expect(second).rejects.toMatchObject({ code: 'QUEUE_TAMPERED' });
  });

  it('has a picture refused of which a chunk was changed, moved or taken from another picture', async () => {
    const { server, open, waiting } = await blocked();
    const asked = ['a', 'b', 'c'].map((letter) => ask(server, 'echo', letter.repeat(5_000_000)));
    for (const one of asked) one.catch(() => undefined);
    const [a, b, c] = await waiting(3);
    const chunk = (job: string, index: number) => `hairline:chunk:${job}:in:${index}`;
    const get = async (key: string) => (await redis().getBuffer(key))!;
    const changed = await get(chunk(a!, 1));
    changed[500]! ^= 1;
    await redis().set(chunk(a!, 1), changed);
    const [zero, one] = [await get(chunk(b!, 0)), await get(chunk(b!, 1))];
    await redis().set(chunk(b!, 0), one);
    await redis().set(chunk(b!, 1), zero);
    await redis().set(chunk(c!, 1), await get(chunk(b!, 1)));
    await open();
    for (const one of asked) await expect(one).rejects.toMatchObject({ code: 'QUEUE_TAMPERED' });
    expect(engine.begun).toEqual(['blocking']);
  });

  it('puts an old job in again for nothing: its picture is gone', async () => {
    const { server, open, waiting, keyOf } = await blocked();
    const asked = textOf(ask(server, 'echo', 'once'));
    const [job] = await waiting(1);
    const key = await keyOf(job!);
    const copy = await redis().hgetall(key);
    await open();
    expect(await asked).toBe('once');
    await studio.untilEmpty();
    await redis().hset(key, copy);
    const queue = key.slice(0, -job!.length - 1);
    await redis().lpush(`${queue}:wait`, job!);
    await redis().zadd(`${queue}:marker`, 0, '0');
    await until(
      async () => (await redis().exists(key)) === 0 || (await redis().zscore(`${queue}:failed`, job!)) !== null,
    );
    expect(engine.begun).toEqual(['blocking', 'once']);
    expect(await textOf(ask(server, 'echo', 'next'))).toBe('next');
  });

  it('forges no answer', async () => {
    const { server, open, waiting, keyOf } = await blocked();
    const asked = expect(ask(server, 'echo', 'mine')).rejects.toMatchObject({ code: 'QUEUE_TAMPERED' });
    const [job] = await waiting(1);
    const queue = (await keyOf(job!)).slice(0, -job!.length - 1);
    const returnvalue = JSON.stringify(Buffer.from('{"kind":"value","value":1}').toString('base64'));
    await redis().xadd(`${queue}:events`, '*', 'event', 'completed', 'jobId', job!, 'returnvalue', returnvalue);
    await asked;
    await open();
  });

  it('has no part in a cluster whose secret it does not know', async () => {
    const stranger = new ScriptedEngine();
    await studio.work(stranger, { secrets: [OTHER_SECRET] });
    const server = studio.serve({}, { workerWithin: 300 });
    await expect(ask(server, 'echo', 'mine')).rejects.toMatchObject({ code: 'NO_WORKERS' });
    await studio.work(engine);
    expect(await textOf(ask(server, 'echo', 'mine'))).toBe('mine');
    expect(stranger.begun).toEqual([]);
    expect((await server.status('auto')).label).toBe('1 CPU');
  });

  it('sees a secret replaced without a pause', async () => {
    // Each computer first accepts the new one, then seals with it, then forgets the old one, in any order.
    const old = studio.serve({ secrets: [SECRET] });
    const both = studio.serve({ secrets: [SECRET, OTHER_SECRET] });
    const turned = studio.serve({ secrets: [OTHER_SECRET, SECRET] });
    const worker = await studio.work(engine, { secrets: [SECRET, OTHER_SECRET] });
    const inTurn = async (...servers: (typeof old)[]) => {
      for (const server of servers) expect(await textOf(ask(server, 'echo', 'picture'))).toBe('picture');
    };
    await inTurn(old, both, turned);
    await worker.close();
    await studio.work(engine, { secrets: [OTHER_SECRET, SECRET] });
    await inTurn(both, turned);
    const next = studio.serve({ secrets: [OTHER_SECRET] });
    await inTurn(next);
  });

  it('stops no server with rubbish in its keys', async () => {
    await studio.work(engine);
    const server = studio.serve();
    await server.prepare('auto');
    const [roll] = await find('hairline:roll:*');
    const [workers] = await find('hairline:workers:*');
    await redis().zadd(roll!, Date.now() + 1e9, 'rubbish');
    await redis().hset(workers!, 'rubbish', '{"not":"sealed"}');
    const [pool] = (await find('hairline:queue:*:meta')).map((key) => key.slice(0, -':meta'.length));
    for (const event of ['completed', 'failed', 'progress', 'active'])
      await redis().xadd(`${pool}:events`, '*', 'event', event, 'jobId', '../../x', 'data', '{}', 'returnvalue', '"x"');
    expect(await textOf(ask(server, 'echo', 'still here'))).toBe('still here');
    expect((await server.status('auto')).label).toBe('1 CPU');
  });
});
