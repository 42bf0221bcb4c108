import { MAX_ENCODED_BYTES } from '../protocol/limits.ts';
import type { EdgeRequest } from '../protocol/schemas/edge.ts';
import { forget, type Options, readEdge, refusal, ServerError } from './api.ts';
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
      go({ name: 'result', matte });
    } catch (error) {
      go({ name: 'failed', error });
    }
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
    if (this.#view.name === 'result') forget('mattes', this.#view.matte.id);
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
      signal: running!.signal,
      onStage: () => undefined,
    }).finally(() => {
      this.#again = null;
    });
    const matte = await this.#again;
    if (this.#running === running) this.#view = { name: 'result', matte };
    return matte;
  }

  #go(view: View): void {
    this.#view = view;
    if (view.name === 'result' || view.name === 'failed') this.#settle();
    this.#draw(view);
  }
}
