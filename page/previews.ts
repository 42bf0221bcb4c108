import type { EdgeRequest } from '../protocol/schemas/edge.ts';
import { show } from './elements.ts';
import { Latest } from './latest.ts';
import type { Session } from './matte-session.ts';
import type { Viewer } from './viewer.ts';

/** Maximum preview width while a slider moves. */
const QUICK_WIDTH = 1600;
/** Milliseconds without an answer after which the page shows that it is waiting. */
const PATIENCE = 300;

interface Wanted {
  settings: EdgeRequest;
  output: 'alpha' | 'cutout';
  /** Null for the whole picture. */
  width: number | null;
}

/** Keeps the preview in sync with the sliders: a small one first, then one at the displayed size. */
export class Previews {
  readonly #session: () => Session;
  readonly #viewer: Viewer;
  readonly #onFailure: (error: unknown) => void;
  readonly #latest = new Latest<Wanted>((wanted, signal) => this.#make(wanted, signal));
  #patience: ReturnType<typeof setTimeout> | undefined;
  #shown: Wanted | null = null;
  /** Whether the current request is slow enough that a newer one should abort it. */
  #isSlow = false;

  constructor(session: () => Session, viewer: Viewer, onFailure: (error: unknown) => void) {
    this.#session = session;
    this.#viewer = viewer;
    this.#onFailure = onFailure;
  }

  /** Shows the matte with these settings. */
  update(settings: EdgeRequest): void {
    const { view } = this.#session();
    if (view.name !== 'result') return;
    const { backdrop, usefulWidth } = this.#viewer;
    const output = backdrop === 'mask' ? 'alpha' : 'cutout';
    const width = usefulWidth < view.matte.width ? usefulWidth : null;
    this.#latest.ask({ settings, output, width }, { atOnce: this.#isSlow });
  }

  stop(): void {
    this.#latest.stop();
    this.#shown = null;
  }

  async #make(wanted: Wanted, signal: AbortSignal): Promise<void> {
    this.#patience = setTimeout(() => show('updating', true), PATIENCE);
    try {
      const isLarge = wanted.width === null || wanted.width > QUICK_WIDTH;
      if (isLarge && !isSame(wanted, this.#shown)) await this.#show({ ...wanted, width: QUICK_WIDTH }, signal);
      this.#isSlow = isLarge;
      if (!isSame(wanted, this.#shown) || !isAsWide(this.#shown, wanted)) await this.#show(wanted, signal);
    } catch (error) {
      if (!signal.aborted) this.#onFailure(error);
    } finally {
      this.#isSlow = false;
      clearTimeout(this.#patience);
      show('updating', false);
    }
  }

  async #show(wanted: Wanted, signal: AbortSignal): Promise<void> {
    const { settings, output, width } = wanted;
    const picture = await this.#session().read({ ...settings, output, ...(width && { width }) }, signal);
    await this.#viewer.setAfter(picture, signal);
    this.#shown = wanted;
  }
}

/** Ignoring the width. */
function isSame(a: Wanted, b: Wanted | null): boolean {
  return b !== null && a.output === b.output && JSON.stringify(a.settings) === JSON.stringify(b.settings);
}

function isAsWide(shown: Wanted | null, { width }: Wanted): boolean {
  return shown !== null && (shown.width === null || (width !== null && shown.width >= width));
}
