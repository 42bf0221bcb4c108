import type { Link } from './link.ts';

/** BullMQ's largest priority. */
const LAST_ROUND = 2_097_151;

/** A day: longer than anything waits. */
const KEEP = 24 * 60 * 60_000;

/**
 * The lines take turns: each client's next picture gets the round after its last one, but none that is over, and the
 * queue works round by round. BullMQ's score is priority * 2^32 + a counter (`getPriorityScore.lua`), so the first
 * one's priority is the round that is being worked on. Once nothing waits, counting starts anew.
 */
const TAKE = `
local waiting = redis.call('ZCARD', KEYS[2])
if waiting >= tonumber(ARGV[2]) then return -1 end
local round = 1
if waiting == 0 then
  redis.call('DEL', KEYS[1])
else
  local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  round = math.max(1, math.floor(tonumber(first[2]) / 4294967296))
end
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
round = math.min(math.max(round, last + 1), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], ARGV[1], round)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return round
`;

const FORGET = `if redis.call('ZCARD', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end`;

/** Fair turns between the clients of all servers. */
export class FairTurns {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  /**
   * @param waitingKey BullMQ's key of the jobs with a priority
   * @returns the priority of the client's next picture; null when so many wait already
   */
  async take(queue: string, waitingKey: string, client: string, max: number): Promise<number | null> {
    const keys = [this.#key(queue), waitingKey] as const;
    const name = this.#link.sealer.hide(client);
    const round = (await this.#link.redis.eval(TAKE, 2, ...keys, name, max, LAST_ROUND, KEEP)) as number;
    return round < 0 ? null : round;
  }

  /** Leaves nothing behind when nothing waits. */
  async tidy(queue: string, waitingKey: string): Promise<void> {
    await this.#link.redis.eval(FORGET, 2, this.#key(queue), waitingKey);
  }

  #key(queue: string): string {
    return this.#link.key(`turns:${queue}`);
  }
}
