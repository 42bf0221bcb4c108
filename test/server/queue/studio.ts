import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { HEADERS } from '../../../protocol/matte.ts';
import { type Config, loadConfig } from '../../../server/config/config.ts';
import type { Answer, EdgeTask, Engine, MatteTask, WorkOptions } from '../../../server/engine/engine.ts';
import { AppError } from '../../../server/errors.ts';
import { type OpenWorker, openQueueEngine, openWorker } from '../../../server/queue/open-queue.ts';
import type { QueueEngine, QueueEngineOptions } from '../../../server/queue/queue-engine.ts';
import type { ModelRegistry } from '../../../server/registry/model-registry.ts';
import type { ModelSpec } from '../../../server/registry/spec/model-spec.ts';
import { RedisServer } from '../../fixtures/redis-server.ts';
import { TASK } from '../engine/task.ts';
import { until } from '../until.ts';

const spec = { id: 'stand-in', name: 'Stand-in', weights: { sha256: '0'.repeat(64) } } as ModelSpec;

/** Does with each picture what its task's `background` says: `echo`, `slow <ms>`, `hang`, `fail`, `throw`, `stream <bytes>`. */
export class ScriptedEngine implements Engine {
  readonly queued = 0;
  readonly restarts = 0;
  readonly usage = null;
  readonly provider: string;
  /** What it was given, by its first byte, in order; and what it was told to stop. */
  readonly begun: string[] = [];
  readonly stopped: string[] = [];
  readonly kept = new Set<string>();

  constructor(provider = 'cpu') {
    this.provider = provider;
  }

  async matte(task: MatteTask, body: Buffer, { signal, onProgress }: WorkOptions): Promise<Answer> {
    const [deed, number = '0'] = task.background.split(' ');
    const name = body.subarray(0, 40).toString();
    this.begun.push(name);
    onProgress?.(0.5);
    try {
      if (deed === 'slow') await delay(Number(number), undefined, { signal });
      if (deed === 'hang') await delay(2 ** 30, undefined, { signal });
    } catch (error) {
      this.stopped.push(name);
      throw error;
    }
    if (deed === 'fail') throw new AppError('TRUNCATED_IMAGE', 'Half of it.');
    if (deed === 'throw') throw new TypeError('not foreseen');
    const id = randomBytes(8).toString('hex');
    this.kept.add(id);
    const headers = { [HEADERS.matteId]: id, 'x-bytes': body.length, 'x-model': task.model };
    const content = deed === 'stream' ? Readable.from(count(Number(number)), { objectMode: false }) : body;
    return { type: 'text/plain', headers, body: content, timings: { inference: 1 } };
  }

  checkModel() {}

  async weighEdge({ id }: EdgeTask): Promise<number> {
    if (!this.kept.has(id)) throw new AppError('MATTE_GONE');
    return 12;
  }

  async edge({ id, type }: EdgeTask): Promise<Answer> {
    if (!this.kept.has(id)) throw new AppError('MATTE_GONE');
    return { type, headers: { [HEADERS.matteId]: id }, body: Buffer.from(`edge of ${id}`), timings: {} };
  }

  forget = async (id: string) => this.kept.delete(id);
  prepare = () => this.status();
  status = async () => ({ spec, state: 'ready' as const, provider: this.provider, label: this.provider, reason: null });
  prepareViews = async () => undefined;
  close = async () => undefined;
}

export const PIECE = 300_001;

/** So many bytes, each the number of its piece. */
function* count(bytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes; at += PIECE) yield Buffer.alloc(Math.min(PIECE, bytes - at), at / PIECE);
}

/** Knows one model, which is installed. */
export const registry = {
  list: () => [spec],
  resolve(id: string) {
    if (id === 'auto' || id === spec.id) return spec;
    throw new AppError('UNKNOWN_MODEL');
  },
  isInstalled: async () => true,
} as unknown as ModelRegistry;

export const SECRET = 'a secret of the studio, for tests only';
export const OTHER_SECRET = 'another secret of some other studio ...';

/** A Redis, and servers and workers in this process. */
export class Studio {
  readonly redis: RedisServer;
  readonly folder = mkdtempSync(path.join(tmpdir(), 'hairline-studio-'));
  readonly log: string[] = [];
  readonly #engines: QueueEngine[] = [];
  readonly #workers: OpenWorker[] = [];

  private constructor(redis: RedisServer) {
    this.redis = redis;
  }

  static async start(...redisArgs: string[]): Promise<Studio> {
    return new Studio(await RedisServer.start(...redisArgs));
  }

  config({ secrets = [SECRET], ...settings }: { secrets?: string[] } & Partial<Config> = {}): Config {
    const queueSecretFile = path.join(this.folder, `secret-${secrets.join('-').replaceAll(/\W/g, '').slice(0, 60)}`);
    writeFileSync(queueSecretFile, secrets.join('\n'));
    return { ...loadConfig({}, {}), queue: this.redis.url, queueSecretFile, configDir: this.folder, ...settings };
  }

  serve(settings: Parameters<Studio['config']>[0] = {}, options?: QueueEngineOptions): QueueEngine {
    const engine = openQueueEngine(this.config(settings), registry, this.#note, options);
    this.#engines.push(engine);
    return engine;
  }

  async work(
    engine: Engine = new ScriptedEngine(),
    { version, lock = 2_000, ...settings }: Parameters<Studio['config']>[0] & { version?: string; lock?: number } = {},
  ): Promise<OpenWorker> {
    const options = { lock, log: this.#note, ...(version && { version }) };
    const open = await openWorker(this.config(settings), registry, engine, options);
    this.#workers.push(open);
    return open;
  }

  /** Settles when no picture, result or job is left in the queue. */
  async untilEmpty(): Promise<void> {
    let left: string[] = [];
    await until(async () => {
      left = await this.redis.leftovers();
      return left.length === 0;
    }).catch(() => {
      throw new Error(`left in the queue: ${left.join(', ')}`);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine.close()));
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await this.redis.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  readonly #note = (_level: string, fields: object, text: string) => {
    this.log.push(`${text} ${JSON.stringify(fields)}`);
  };
}

export function ask(
  engine: Engine,
  deed: string,
  picture: string | Buffer = 'picture',
  options: Partial<WorkOptions> = {},
): Promise<Answer> {
  const task: MatteTask = { ...TASK, model: 'auto', background: deed };
  return engine.matte(task, Buffer.from(picture), { signal: new AbortController().signal, ...options });
}

export async function textOf(answer: Promise<Answer>): Promise<string> {
  const { body } = await answer;
  return Buffer.isBuffer(body) ? body.toString() : Buffer.concat((await body.toArray()) as Buffer[]).toString('latin1');
}
