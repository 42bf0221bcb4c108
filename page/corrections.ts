import type { Words } from '../words/page/words.ts';
import type { Sentence } from '../words/panel/strings.ts';
import { Brushes } from './brushes.ts';
import { find, show, speak } from './elements.ts';
import type { Gallery, Item } from './gallery.ts';
import { fill, type Language } from './language.ts';

/** Milliseconds without another stroke after which the mask is made anew. */
const PAUSE = 350;

export interface CorrectionEvents {
  /** The matte of the shown picture is another one. */
  onCorrected: () => void;
  onSwitch: (isPainting: boolean) => void;
  onFailure: (error: unknown) => void;
  onNote: (say: (words: Words) => Sentence) => void;
}

/** Corrects masks by hand: strokes of a brush, or a mask from a file, of which the edge is found anew. */
export class Corrections {
  readonly #gallery: Gallery;
  readonly #language: Language;
  readonly #events: CorrectionEvents;
  readonly #brushes: Brushes;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(gallery: Gallery, language: Language, events: CorrectionEvents) {
    this.#gallery = gallery;
    this.#language = language;
    this.#events = events;
    this.#brushes = new Brushes(language, {
      onSwitch: () => events.onSwitch(this.#brushes.isActive),
      onChange: () => this.#wait(),
    });
    const input = find<HTMLInputElement>('mask-file');
    find('choose-mask').addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      const [file] = input.files ?? [];
      input.value = '';
      if (file) void this.useMask(file);
    });
    find('drop-corrections').addEventListener('click', () => {
      const item = this.#gallery.current;
      item?.strokes.clear();
      if (item) item.mask = null;
      this.#brushes.settle(0);
      find('choose-mask').focus();
      void this.#apply();
    });
  }

  /** The shown picture has a result, with or without its corrections; those that are missing are made. */
  open(): void {
    const item = this.#gallery.current;
    if (item?.session.view.name !== 'result') return;
    this.#brushes.open(item.session.view.matte, item.strokes, item.applied);
    this.#drawReset();
    const { view, found } = item.session;
    const isFound = view.matte === found;
    if (item.applied !== item.strokes.count || (isFound && isCorrected(item))) void this.#apply();
  }

  close(): void {
    clearTimeout(this.#pause);
    show('correcting', false);
    this.#brushes.putDown();
  }

  /** Starts from this mask instead of the one that was found. */
  async useMask(file: File): Promise<void> {
    const item = this.#gallery.current;
    if (item?.session.view.name !== 'result') return;
    const { width, height } = item.session.view.matte;
    // What the browser cannot read, the server may.
    const size = await sizeOf(file).catch(() => null);
    if (size && (size.width !== width || size.height !== height)) {
      const sizes = { mask: `${size.width} × ${size.height}`, picture: `${width} × ${height}` };
      this.#events.onNote(({ retouch: { otherSize } }) => [fill(otherSize[0], sizes), otherSize[1]]);
      return;
    }
    const old = item.mask;
    item.mask = file;
    if (!(await this.#apply())) item.mask = old;
    this.#drawReset();
  }

  #wait(): void {
    this.#drawReset();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#apply(), PAUSE);
  }

  /** @returns whether the corrected mask is shown */
  async #apply(): Promise<boolean> {
    const item = this.#gallery.current;
    const found = item?.session.found;
    if (!item || !found) return false;
    clearTimeout(this.#pause);
    this.#drawReset();
    show('correcting', true);
    try {
      const { count } = item.strokes;
      const strokes = count > 0 ? await item.strokes.toBlob(found) : null;
      const correction = isCorrected(item) ? { mask: item.mask ?? found.alpha, strokes } : null;
      if (!(await item.session.correct(correction))) return false;
      item.applied = count;
      if (item !== this.#gallery.current) return true;
      show('correcting', false);
      this.#brushes.settle(count);
      speak(this.#language.words.retouch.done);
      this.#events.onCorrected();
      return true;
    } catch (error) {
      if (item === this.#gallery.current) show('correcting', false);
      this.#events.onFailure(error);
      return false;
    }
  }

  #drawReset(): void {
    const item = this.#gallery.current;
    show('drop-corrections', item !== null && isCorrected(item));
  }
}

async function sizeOf(file: File): Promise<{ width: number; height: number }> {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  bitmap.close();
  return { width, height };
}

function isCorrected({ strokes, mask }: Item): boolean {
  return strokes.count > 0 || mask !== null;
}
