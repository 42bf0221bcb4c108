import { AppError } from '../errors.ts';
import type { ModelSpec } from '../registry/spec/model-spec.ts';
import { nameOf } from './execution-providers.ts';
import { isOutOfMemory, OUT_OF_MEMORY } from './failure-reason.ts';
import { RunQueue } from './run-queue.ts';
import type { Session, Tensor } from './session.ts';

/** Milliseconds after which a graphics card that was full is tried again. */
const RETRY_CARD_AFTER = 5 * 60_000;

/** The interface of the cache that a slot needs. */
export interface SlotOwner {
  loadOnCpu(): Promise<Session>;
  /** The slot that replaced this one. */
  reopen(): Promise<ModelSlot>;
  /** A run has ended; `moved`: on another provider than the one before. */
  onRun(moved: boolean): void;
}

/** A loaded network: callers queue, then run alone. */
export class ModelSlot {
  readonly spec: ModelSpec;
  readonly queue = new RunQueue();
  readonly #owner: SlotOwner;
  #session: Session;
  #emptied = false;
  #movedAt: number | null = null;

  constructor(spec: ModelSpec, session: Session, owner: SlotOwner) {
    this.spec = spec;
    this.#session = session;
    this.#owner = owner;
  }

  /** The provider of the last run: a run that does not fit on the graphics card moves the model to the CPU. */
  get session(): Session {
    return this.#session;
  }

  /** Whether it is idle and the graphics card, which was full, should be tried again. */
  get wantsCard(): boolean {
    return this.queue.length === 0 && this.#movedAt !== null && performance.now() - this.#movedAt > RETRY_CARD_AFTER;
  }

  /**
   * Runs the network on one prepared input; reloads it if it was unloaded meanwhile.
   * @returns the output tensor and the milliseconds spent waiting and running.
   * @throws {AppError} INFERENCE_FAILED; the signal's reason when aborted while waiting.
   */
  run(input: Tensor, signal?: AbortSignal): Promise<{ output: Tensor; waited: number; ran: number }> {
    const asked = performance.now();
    return this.queue.run(async () => {
      if (this.#emptied) return (await this.#owner.reopen()).run(input, signal);
      const began = performance.now();
      const before = this.#session;
      const output = await this.#ask(input).catch((cause) => {
        throw new AppError('INFERENCE_FAILED', undefined, { cause });
      });
      this.#owner.onRun(this.#session !== before);
      return { output, waited: began - asked, ran: performance.now() - began };
    }, signal);
  }

  /** Releases the session after the runs already waiting. */
  empty(): Promise<void> {
    return this.queue.run(async () => {
      this.#emptied = true;
      await this.#session.dispose();
    });
  }

  async #ask(input: Tensor): Promise<Tensor> {
    const { input: to, output: from } = this.spec;
    const run = async () => (await this.#session.run({ [to.name]: input }, [from.name]))[from.name]!;
    try {
      return await run();
    } catch (error) {
      if (this.#session.provider === 'cpu' || !isOutOfMemory(error)) throw error;
      await this.#moveToCpu();
      return run();
    }
  }

  /** Other programs use the card too; a slow mask is better than none. */
  async #moveToCpu(): Promise<void> {
    const { provider } = this.#session;
    const session = await this.#owner.loadOnCpu();
    // A session that failed may not even close.
    await this.#session.dispose().catch(() => undefined);
    this.#session = { ...session, reason: `GPU not used: ${nameOf(provider)} ${OUT_OF_MEMORY}.` };
    this.#movedAt = performance.now();
  }
}
