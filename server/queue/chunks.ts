import type { Redis } from 'ioredis';

/** Where pictures and results lie between server and worker, in sealed chunks. */
export interface ChunkStore {
  /** @param ttl milliseconds after which it may be deleted by itself */
  put(place: Place, index: number, sealed: Buffer, ttl: number): Promise<void>;
  get(place: Place, index: number): Promise<Buffer | null>;
  /** Deletes all chunks; harmless when there are none. */
  drop(place: Place, count: number): Promise<void>;
  /** Deletes what is there of a server's jobs that are over: workers that were killed leave some. */
  sweep(server: string, isOver: (job: string) => boolean): Promise<void>;
}

/** The picture of a job, or the result of one attempt at it. */
export interface Place {
  readonly job: string;
  /** `in`, or `out-<attempt>`. */
  readonly side: string;
}

/** Plain bytes per chunk: Redis answers others between two of them. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

/** In the queue's own Redis. */
export class RedisChunks implements ChunkStore {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async put(place: Place, index: number, sealed: Buffer, ttl: number): Promise<void> {
    await this.#redis.set(this.#key(place, index), sealed, 'PX', ttl);
  }

  get(place: Place, index: number): Promise<Buffer | null> {
    return this.#redis.getBuffer(this.#key(place, index));
  }

  async drop(place: Place, count: number): Promise<void> {
    const keys = Array.from({ length: count }, (_, index) => this.#key(place, index));
    // Deleted in the background: a gigabyte would stop Redis for a moment.
    if (keys.length > 0) await this.#redis.unlink(...keys);
  }

  async sweep(server: string, isOver: (job: string) => boolean): Promise<void> {
    const start = `${this.#prefix}:chunk:`;
    for await (const found of this.#redis.scanStream({ match: `${start}${server}.*`, count: 1000 })) {
      const keys = (found as string[]).filter((key) => isOver(key.slice(start.length).split(':', 1)[0]!));
      if (keys.length > 0) await this.#redis.unlink(...keys);
    }
  }

  #key({ job, side }: Place, index: number): string {
    return `${this.#prefix}:chunk:${job}:${side}:${index}`;
  }
}
