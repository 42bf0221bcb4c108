import type { QueueEngine } from '../../../server/queue/queue-engine.ts';
import { ask, ScriptedEngine, Studio } from '../../server/queue/studio.ts';
import type { Row } from './row.ts';

const WORKERS = 4;
const TAKES = 500;
const SMALL_CLIENTS = 9;
const EACH = 5;

/** How long small clients wait beside one that sends very many pictures at once. */
export async function measureFairness(many: number, row: Row): Promise<void> {
  const alone = await measure(0);
  const beside = await measure(many);
  row(
    `a client with ${many} pictures, then nine with ${EACH} each: mean wait of the nine`,
    '<= 2x of alone',
    `${(beside / alone).toFixed(2)}x (${beside.toFixed(0)} against ${alone.toFixed(0)} ms)`,
  );
}

/** @returns mean milliseconds until the pictures of the small clients are done */
async function measure(many: number): Promise<number> {
  const studio = await Studio.start();
  for (let i = 0; i < WORKERS; i++) await studio.work(new ScriptedEngine(), { concurrency: 1 });
  const [large, small] = [studio.serve({ maxWaiting: 100_000 }), studio.serve({ maxWaiting: 100_000 })];
  await Promise.all([large.prepare('auto'), small.prepare('auto')]);
  const leaving = new AbortController();
  const crowd = Array.from({ length: many }, (_, i) => put(large, 'large', i, leaving.signal).catch(() => 0));
  while (large.queued < many) await new Promise((resolve) => setTimeout(resolve, 10));
  // Until all of them are in the queue.
  while (many > 0 && (await waiting(studio)) < many - 3 * WORKERS - 20)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const waits = await Promise.all(
    Array.from({ length: SMALL_CLIENTS * EACH }, (_, i) => put(small, `small ${i % SMALL_CLIENTS}`, i, leaving.signal)),
  );
  leaving.abort(new Error('enough'));
  await Promise.all(crowd);
  await studio.close();
  return waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
}

async function put(server: QueueEngine, client: string, index: number, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  await ask(server, `slow ${TAKES}`, `${client} ${index}`, { client, signal });
  return performance.now() - began;
}

async function waiting({ redis }: Studio): Promise<number> {
  const [key] = await redis.client.keys('*:prioritized');
  return key ? redis.client.zcard(key) : 0;
}
