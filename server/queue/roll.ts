import type { Link } from './link.ts';

/** A worker, as it announces itself. */
export interface WorkerInfo {
  id: string;
  host: string;
  pid: number;
  version: string;
  /** Queue that it takes pictures from. */
  pool: string;
  /** Execution provider: `cpu`, `cuda`, `dml`, … and its name for people. */
  provider: string;
  label: string;
  /** Ids of the models that it has; `auto` is what it runs when none is named. */
  models: readonly string[];
  auto: string;
  /** Pictures worked on at a time, those in progress, and those done and failed since the start. */
  concurrency: number;
  running: number;
  done: number;
  failed: number;
  /** Mean seconds per picture of late; null before the first. */
  seconds: number | null;
  /** Milliseconds since 1970. */
  startedAt: number;
  /** Takes no more pictures. */
  draining: boolean;
}

/** Milliseconds between two announcements, and after the last one until a worker counts as gone. */
export const ANNOUNCE_EVERY = 2_000;
const GONE_AFTER = 10_000;

/** Milliseconds that a worker may take to see that it is asked to leave. */
const ASKED_FOR = 60_000;

/** By Redis' clock: those of the computers differ. */
const ANNOUNCE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[3]) end
`;

const LIST = `
local t = redis.call('TIME')
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], t[1] * 1000 + math.floor(t[2] / 1000), '+inf')
if #ids == 0 then return {} end
local all = redis.call('HMGET', KEYS[2], unpack(ids))
local result = {}
for i, id in ipairs(ids) do
  result[#result + 1] = id
  result[#result + 1] = all[i]
end
return result
`;

/** Who works in the cluster. A worker that stops announcing itself is gone after ten seconds. */
export class Roll {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  /** In the roll of each accepted secret, so that servers with the old one and with the new one find it. */
  async announce(info: WorkerInfo, pools: ReadonlyMap<string, string>): Promise<void> {
    for (const [mark, pool] of pools) {
      const sealed = this.#link.sealer.sealValue(info.id, 'worker', { ...info, pool });
      await this.#link.redis.eval(ANNOUNCE, 2, ...this.#keys(mark), info.id, sealed, GONE_AFTER);
    }
  }

  async leave(id: string): Promise<void> {
    for (const mark of this.#link.sealer.marks) {
      const [order, infos] = this.#keys(mark);
      await this.#link.redis.multi().zrem(order, id).hdel(infos, id).exec();
    }
  }

  /** Those that live, sealed by this cluster; what is not is left out. */
  async list(): Promise<WorkerInfo[]> {
    const flat = (await this.#link.redis.eval(LIST, 2, ...this.#keys(this.#link.sealer.mark))) as string[];
    const infos: WorkerInfo[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      try {
        infos.push(this.#link.sealer.openValue<WorkerInfo>(flat[i]!, 'worker', flat[i + 1]));
      } catch {
        // Not of this cluster.
      }
    }
    return infos;
  }

  /** Asks a worker to finish what it has and to leave. */
  async askToLeave(id: string): Promise<void> {
    const sealed = this.#link.sealer.sealValue(id, 'leave', true);
    await this.#link.redis.set(this.#link.key(`leave:${id}`), sealed, 'PX', ASKED_FOR);
  }

  /** False also where what asks for it was not sealed by this cluster. */
  async isAskedToLeave(id: string): Promise<boolean> {
    try {
      const sealed = await this.#link.redis.get(this.#link.key(`leave:${id}`));
      return sealed !== null && this.#link.sealer.openValue<boolean>(id, 'leave', sealed);
    } catch {
      return false;
    }
  }

  #keys(mark: string): [string, string] {
    return [this.#link.key(`roll:${mark}`), this.#link.key(`workers:${mark}`)];
  }
}
