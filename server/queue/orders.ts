import type { Answer, EdgeTask, MatteTask } from '../engine/engine.ts';
import type { WireError } from '../engine/wire/messages.ts';
import type { Sent } from './transfer.ts';

/** What a server wants done. */
export type Ask =
  | { kind: 'matte'; task: MatteTask; picture: Sent }
  | { kind: 'edge'; task: EdgeTask }
  | { kind: 'weigh-edge'; task: EdgeTask }
  | { kind: 'forget'; matte: string };

/** A job as it lies in the queue, sealed. */
export interface Order {
  ask: Ask;
  /** The server that waits for the answer. */
  server: string;
  /** Whose turn it takes. */
  client: string;
  /** Milliseconds since 1970, after which the job is no longer awaited. */
  until: number;
}

/** What became of it, sealed. */
export type Outcome =
  | { kind: 'answer'; head: Omit<Answer, 'body'>; attempt: string; result: Sent }
  | { kind: 'value'; value: unknown }
  | { kind: 'failed'; error: WireError };

/** Milliseconds that a job may wait and run; its pictures are deleted then in any case. */
export const LIFE = 60 * 60_000;

/** BullMQ's job data. */
export interface SealedOrder {
  order: string;
}

/** What a sealed order or outcome is for: one of another queue is not accepted. */
export const orderName = (queue: string) => `order ${queue}`;
export const outcomeName = (queue: string) => `outcome ${queue}`;
