import { type Job, Queue, QueueEvents } from 'bullmq';
import type { Link } from './link.ts';
import type { SealedOrder } from './orders.ts';

/** Events that Redis keeps per queue: more than come while a connection is made anew. */
const KEPT_EVENTS = 2_000;

/** Seconds that an outcome is kept for a server that has missed its event. */
const KEPT_OUTCOMES = { age: 600, count: 1_000 };

export interface LineListener {
  onActive(id: string): void;
  /** Its worker was not heard of: another one takes over. */
  onStalled(id: string): void;
  onProgress(id: string, fraction: unknown): void;
  onCompleted(id: string, outcome: unknown): void;
  onFailed(id: string, reason: string): void;
}

/** A server's end of one queue. */
export class Line {
  readonly name: string;
  readonly #queue: Queue<SealedOrder, string>;
  readonly #events: QueueEvents;

  constructor(link: Link, name: string, listener: LineListener) {
    this.name = name;
    const options = { connection: link.redis, prefix: link.queuePrefix };
    this.#queue = new Queue(name, { ...options, streams: { events: { maxLen: KEPT_EVENTS } } });
    this.#events = new QueueEvents(name, options);
    // Outages are seen and logged by the link.
    this.#queue.on('error', () => undefined);
    this.#events.on('error', () => undefined);
    this.#events.on('active', ({ jobId }) => listener.onActive(jobId));
    this.#events.on('stalled', ({ jobId }) => listener.onStalled(jobId));
    this.#events.on('progress', ({ jobId, data }) => listener.onProgress(jobId, data));
    this.#events.on('completed', ({ jobId, returnvalue }) => listener.onCompleted(jobId, returnvalue));
    this.#events.on('failed', ({ jobId, failedReason }) => listener.onFailed(jobId, failedReason));
  }

  /** BullMQ's key of the jobs that wait with a priority. */
  get waitingKey(): string {
    return this.#queue.toKey('prioritized');
  }

  /** Settles when events are heard. */
  async ready(): Promise<void> {
    await this.#events.waitUntilReady();
  }

  /** @param priority 0 for none */
  async add(id: string, order: string, priority: number): Promise<void> {
    // Traces name folders of the worker's computer.
    const kept = { removeOnComplete: KEPT_OUTCOMES, removeOnFail: KEPT_OUTCOMES, stackTraceLimit: 0 };
    await this.#queue.add('picture', { order }, { jobId: id, priority, ...kept });
  }

  state(id: string): Promise<string> {
    return this.#queue.getJobState(id);
  }

  find(id: string): Promise<Job<SealedOrder, string> | undefined> {
    return this.#queue.getJob(id);
  }

  /** @returns false for one in progress, which stays until its worker has stopped */
  async remove(id: string): Promise<boolean> {
    return (await this.#queue.remove(id).catch(() => 0)) !== 0;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#events.close(), this.#queue.close()]);
  }
}
