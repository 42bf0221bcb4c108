import { MAX_ENCODED_BYTES } from '../protocol/limits.ts';
import type { EdgeRequest } from '../protocol/schemas/edge.ts';
import { type Correction, forget, type Options, readEdge, refusal, ServerError } from './api.ts';
import { type Matte, makeMatte, type Stage } from './matting.ts';
import { isOtherThanPicture } from './pictures.ts';

export type View =
  | { name: 'empty' }
  | { name: 'working'; stage: Stage }
  | { name: 'failed'; error: unknown }
  | { name: 'result'; matte: Matte };

/** One picture at a time: its file, which stays here, and its matte, which the server keeps for a while. */
export class Session {
  #view: View = { name: 'empty' };
  #file: File | null = null;
  #options: Options | null = null;
  #running: AbortController | null = null;
  #again: Promise<Matte> | null = null;
  /** The matte without corrections. */
  #found: Matte | null = null;
  /** What the shown matte was made with. */
  #correction: Correction | null = null;
  #correcting: AbortController | null = null;
  #settle!: () => void;
  /** Resolves when the first run is over, whatever became of it. */
  readonly settled = new Promise<void>((resolve) => {
    this.#settle = resolve;
  });
  readonly #draw: (view: View) => void;

  constructor(draw: (view: View) => void) {
    this.#draw = draw;
  }

  get view(): View {
    return this.#view;
  }

  get file(): File | null {
    return this.#file;
  }

  /** The matte as the networks found it. */
  get found(): Matte | null {
    return this.#found;
  }

  /** Takes a picture whose turn has not come. */
  hold(file: File): void {
    this.#file = file;
    this.#go({ name: 'working', stage: { name: 'waiting' } });
  }

  /** Masks a picture, replacing the previous one. */
  async start(file: File, options: Options): Promise<void> {
    this.clear();
    this.#file = file;
    this.#options = options;
    const running = new AbortController();
    this.#running = running;
    const { signal } = running;
    const go = (view: View) => {
      if (this.#running === running) this.#go(view);
    };
    try {
      if (isOtherThanPicture(file)) throw refusal('NOT_AN_IMAGE');
      if (file.size > MAX_ENCODED_BYTES) throw refusal('BODY_TOO_LARGE');
      const matte = await makeMatte(file, { ...options, signal, onStage: (stage) => go({ name: 'working', stage }) });
      if (this.#running === running) this.#found = matte;
      go({ name: 'result', matte });
    } catch (error) {
      go({ name: 'failed', error });
    }
  }

  /**
   * Shows the matte with a correction, or as it was found with null; a newer call aborts an older one.
   * @throws {ServerError | Unreachable}
   * @returns whether it is shown
   */
  async correct(correction: Correction | null): Promise<boolean> {
    this.#correcting?.abort();
    const found = this.#found;
    if (!found || this.#view.name !== 'result') return false;
    const correcting = new AbortController();
    this.#correcting = correcting;
    const signal = AbortSignal.any([correcting.signal, this.#running!.signal]);
    const settings = { ...this.#options!, correction, signal, onStage: () => undefined };
    let matte: Matte;
    try {
      matte = correction ? await makeMatte(this.#file!, settings) : found;
      signal.throwIfAborted();
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
    const { matte: old } = this.#view;
    if (old.id !== found.id && old.id !== matte.id) forget('mattes', old.id);
    this.#correction = correction;
    this.#again = null;
    this.#go({ name: 'result', matte });
    return true;
  }

  /** Frees the server's copies. */
  release(): void {
    const shown = this.#view.name === 'result' ? this.#view.matte : null;
    for (const id of new Set([shown?.id, this.#found?.id])) if (id) forget('mattes', id);
  }

  /** Masks the same picture again. */
  async retry(options: Options): Promise<void> {
    if (this.#file) await this.start(this.#file, options);
  }

  /** Starts over; cancels work in progress and frees the server's copy. */
  clear(): void {
    this.#running?.abort();
    this.#running = null;
    this.#again = null;
    this.#file = null;
    this.release();
    this.#found = null;
    this.#correction = null;
    this.#go({ name: 'empty' });
  }

  /**
   * The result with edge settings. If the server no longer keeps the matte, the picture is sent again automatically.
   * @throws {ServerError | Unreachable} and the signal's reason
   */
  async read(settings: EdgeRequest, signal: AbortSignal): Promise<Blob> {
    if (this.#view.name !== 'result') throw new Error('there is no matte');
    const { id } = this.#view.matte;
    try {
      return await readEdge(id, settings, signal);
    } catch (error) {
      if (!(error instanceof ServerError && error.code === 'MATTE_GONE')) throw error;
      const matte = await this.#makeAgain(id);
      signal.throwIfAborted();
      return readEdge(matte.id, settings, signal);
    }
  }

  /** @param gone the missing matte; several requests may miss the same one */
  async #makeAgain(gone: string): Promise<Matte> {
    if (this.#view.name === 'result' && this.#view.matte.id !== gone) return this.#view.matte;
    const running = this.#running;
    this.#again ??= makeMatte(this.#file!, {
      ...this.#options!,
      correction: this.#correction,
      signal: running!.signal,
      onStage: () => undefined,
    }).finally(() => {
      this.#again = null;
    });
    const matte = await this.#again;
    if (this.#running === running) this.#view = { name: 'result', matte };
    if (!this.#correction) this.#found = matte;
    return matte;
  }

  #go(view: View): void {
    this.#view = view;
    if (view.name === 'result' || view.name === 'failed') this.#settle();
    this.#draw(view);
  }
}
