import { Redis } from 'ioredis';
import type { Config } from '../config/config.ts';
import { type ChunkStore, RedisChunks } from './chunks.ts';
import { Sealer } from './seal.ts';
import { readPassword, readSecrets, secretFileOf } from './secrets.ts';
import { Transfer } from './transfer.ts';

/** All keys begin so: the Redis may hold other things. */
const PREFIX = 'hairline';

const CONNECT_WITHIN = 5_000;
const LONGEST_PAUSE = 1_000;

/** Milliseconds between two looks whether the queue answers, and without an answer until it counts as unreachable. */
const PING_EVERY = 1_000;
const SILENT_FOR = 5_000;

export type LinkConfig = Pick<Config, 'queue' | 'queueSecretFile' | 'queuePasswordFile' | 'configDir'>;

/** What server, worker and the cluster's commands share: the connection, the keys of both kinds, and the pictures' way. */
export class Link {
  readonly redis: Redis;
  readonly sealer: Sealer;
  readonly transfer: Transfer;
  /** BullMQ's keys. */
  readonly queuePrefix = `${PREFIX}:queue`;
  #heard = performance.now();
  #fault: string | null = null;
  readonly #looking: NodeJS.Timeout;

  /** @throws {ConfigError} for secrets that cannot be read */
  constructor(config: LinkConfig, { log = () => undefined, chunks }: { log?: LinkLog; chunks?: ChunkStore } = {}) {
    this.sealer = new Sealer(readSecrets(secretFileOf(config)));
    this.redis = new Redis({ ...addressOf(config), ...OPTIONS });
    this.transfer = new Transfer(chunks ?? new RedisChunks(this.redis, PREFIX), this.sealer);
    // Each queue listens too, and BullMQ adds to the limit, so that 0 would not be without one.
    this.redis.setMaxListeners(10_000);
    this.redis.on('error', (error: NodeJS.ErrnoException) => {
      const fault = error.code ?? error.message;
      // Once per outage: it is tried again every second.
      if (fault !== this.#fault) log('warn', { fault }, 'the queue cannot be reached');
      this.#fault = fault;
    });
    this.redis.on('ready', () => {
      if (this.#fault) log('info', {}, 'the queue can be reached again');
      this.#fault = null;
      this.#heard = performance.now();
    });
    this.#looking = setInterval(() => this.#look(), PING_EVERY).unref();
  }

  /** Milliseconds since the queue was last heard of. */
  get silence(): number {
    return performance.now() - this.#heard;
  }

  get isReachable(): boolean {
    return this.silence < SILENT_FOR;
  }

  /** Why it cannot be reached: `ECONNREFUSED`, `WRONGPASS …`; null when nothing is known. */
  get fault(): string | null {
    return this.#fault;
  }

  key(name: string): string {
    return `${PREFIX}:${name}`;
  }

  close(): void {
    clearInterval(this.#looking);
    this.redis.disconnect();
  }

  #look(): void {
    if (this.redis.status !== 'ready') return;
    this.redis.ping().then(
      () => {
        this.#heard = performance.now();
      },
      () => undefined,
    );
  }
}

export type LinkLog = (level: 'info' | 'warn', fields: object, text: string) => void;

const OPTIONS = {
  // Commands wait for the connection: what must not wait has a time limit of its own.
  maxRetriesPerRequest: null,
  connectTimeout: CONNECT_WITHIN,
  retryStrategy: (times: number) => Math.min(50 * times, LONGEST_PAUSE),
  // A Redis that is still reading its file, or a replica after a failover.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
};

function addressOf({ queue, queuePasswordFile }: LinkConfig) {
  const url = new URL(queue);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(queuePasswordFile && { password: readPassword(queuePasswordFile) }),
    ...(url.protocol === 'rediss:' && { tls: { servername: url.hostname } }),
  };
}
