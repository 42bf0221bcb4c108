import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { AppError } from '../../../server/errors.ts';
import { ask, PIECE, Studio } from '../../server/queue/studio.ts';
import { seeded } from '../../server/random.ts';
import type { Row } from './row.ts';
import { WorkerProcess } from './worker-process.ts';

const CLIENTS = 16;
const WORKERS = 4;
const REDIS_KILLS = 5;
/** Milliseconds until what killed workers have left is swept. */
const REST = 35_000;

/** Sizes of pictures in bytes, and of streamed results; few are large. */
const SIZES = [1_000, 20_000, 20_000, 300_000, 300_000, 1_500_000];
const LARGE = 9_000_000;
const STREAM = 34 * 1024 * 1024;

interface Tally {
  right: number;
  /** Cancelled on purpose, and failed on purpose with the right code. */
  cancelled: number;
  failed: number;
  refused: Record<string, number>;
  wrong: string[];
}

/** Mixed jobs while workers and the queue itself are killed again and again. */
export async function measureChaos({ jobs, kills }: { jobs: number; kills: number }, row: Row): Promise<void> {
  const studio = await Studio.start(
    '--appendonly',
    'yes',
    '--appendfsync',
    'everysec',
    '--auto-aof-rewrite-percentage',
    '0',
  );
  const config = studio.config();
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => WorkerProcess.start(config)));
  const server = studio.serve();
  await server.prepare('auto');
  await ask(server, 'echo', 'first');
  const before = await usedMemory(studio);
  const counter = new CompletionCounter(studio);
  const random = seeded(7);
  const tally: Tally = { right: 0, cancelled: 0, failed: 0, refused: {}, wrong: [] };
  let [asked, answered, isOver] = [0, 0, false];

  const client = async (name: string) => {
    while (asked < jobs) {
      const index = asked++;
      await askOne(server, name, index, random, tally);
      answered++;
    }
  };
  const murder = async () => {
    let [killed, redisKilled] = [0, 0];
    for (; killed < kills && !isOver; killed++) {
      // Spread over the jobs, not over time: a slow computer gets as many of each.
      while (answered < (jobs * (killed + 0.5)) / kills && !isOver) await delay(20);
      const index = Math.floor(random() * WORKERS);
      await workers[index]!.kill();
      workers[index] = await WorkerProcess.start(config);
      if (killed % Math.ceil(kills / REDIS_KILLS) !== 0) continue;
      redisKilled++;
      await studio.redis.kill();
      await delay(500);
      await studio.redis.begin();
    }
    return { killed, redisKilled };
  };
  const began = performance.now();
  const killing = murder();
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(`client ${i}`)));
  isOver = true;
  const { killed, redisKilled } = await killing;
  const seconds = (performance.now() - began) / 1000;
  const twice = counter.stop();
  const { right, cancelled, failed, refused, wrong } = tally;
  const lost = jobs - right - cancelled - failed - wrong.length - sum(Object.values(refused));
  for (const fault of wrong.slice(0, 5)) console.error(fault);
  row(
    `${jobs} mixed jobs, ${CLIENTS} clients, ${WORKERS} workers; kill -9 of workers ${killed} times, of Redis ${redisKilled} times`,
    '0 lost, 0 wrong, 0 twice',
    `${lost} lost, ${wrong.length} wrong, ${twice} twice; ${right} right, ${cancelled} cancelled, ${failed} failed as they should, ` +
      `refused ${JSON.stringify(refused)}; ${seconds.toFixed(0)} s`,
  );
  await delay(REST);
  await Promise.all(workers.map((worker) => worker.close()));
  await server.close();
  const left = await studio.redis.leftovers();
  for (const key of left.slice(0, 5)) console.error(key);
  const after = await usedMemory(studio);
  row(
    'keys of pictures, results and jobs left then, memory of Redis',
    '0, back to base',
    `${left.length}, ${(before / 1e6).toFixed(1)} to ${(after / 1e6).toFixed(1)} MB`,
  );
  await studio.close();
}

async function askOne(
  server: Awaited<ReturnType<Studio['serve']>>,
  client: string,
  index: number,
  random: () => number,
  tally: Tally,
): Promise<void> {
  const size = random() < 0.02 ? LARGE : SIZES[Math.floor(random() * SIZES.length)]!;
  const picture = Buffer.concat([Buffer.from(`${client} ${index} `), randomBytes(size)]);
  const kind = random();
  const leaving = new AbortController();
  const deed = kind < 0.03 ? 'fail' : kind < 0.035 ? `stream ${STREAM}` : `slow ${Math.floor(random() * 60)}`;
  const isCancelled = kind > 0.97;
  const timer = isCancelled ? setTimeout(() => leaving.abort(new Error('left')), random() * 100) : undefined;
  try {
    const { body, headers } = await ask(server, deed, picture, { client, signal: leaving.signal });
    if (headers['x-bytes'] !== picture.length) throw new Error('another size');
    if (Buffer.isBuffer(body)) {
      if (digest(body) !== digest(picture)) throw new Error('another picture');
    } else {
      let at = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        if (chunk[0] !== (Math.floor(at / PIECE) & 255)) throw new Error('another stream');
        at += chunk.length;
      }
      if (at !== STREAM) throw new Error(`a stream of ${at} bytes`);
    }
    tally.right++;
  } catch (error) {
    if (leaving.signal.aborted) tally.cancelled++;
    else if (deed === 'fail' && error instanceof AppError && error.code === 'TRUNCATED_IMAGE') tally.failed++;
    else if (error instanceof AppError) tally.refused[error.code] = (tally.refused[error.code] ?? 0) + 1;
    else tally.wrong.push(`${index} ${deed}: ${error}`);
  } finally {
    clearTimeout(timer);
  }
}

async function usedMemory({ redis }: Studio): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.client.info('memory'))![1]);
}

/** Reads the events of all pools: how often is a job said to be completed? */
class CompletionCounter {
  readonly #redis: Redis;
  readonly #counts = new Map<string, number>();
  #going = true;

  constructor({ redis }: Studio) {
    this.#redis = new Redis(redis.port, '127.0.0.1', { maxRetriesPerRequest: null }).on('error', () => undefined);
    void this.#read();
  }

  /** @returns how many jobs were completed more than once */
  stop(): number {
    this.#going = false;
    this.#redis.disconnect();
    return [...this.#counts.values()].filter((count) => count > 1).length;
  }

  async #read(): Promise<void> {
    const [key] = await this.#redis.keys('*_cpu:events');
    let last = '$';
    while (this.#going) {
      const found = await this.#redis.xread('COUNT', 1000, 'BLOCK', 500, 'STREAMS', key!, last).catch(() => null);
      for (const [id, fields] of found?.[0]?.[1] ?? []) {
        last = id;
        if (fields[1] !== 'completed') continue;
        const job = fields[fields.indexOf('jobId') + 1]!;
        this.#counts.set(job, (this.#counts.get(job) ?? 0) + 1);
      }
    }
  }
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);
