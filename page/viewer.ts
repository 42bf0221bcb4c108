import type { Backdrop } from '../words/page/words.ts';
import { find, followChoice, show } from './elements.ts';
import type { Focus, Spot } from './find-focus.ts';
import { fill, type Language } from './language.ts';

/** A small picture is enlarged to twice its size at most. */
const MOST_FIT = 2;
/** From this zoom on, single pixels are shown. */
const PIXELATED = 2;
const WIDTH_STEP = 200;
const MIDDLE: Spot = { x: 0.5, y: 0.5 };

interface Size {
  width: number;
  height: number;
}

/** Before and after, overlaid, separated by a slider; zoomed and panned to inspect hair. */
export class Viewer {
  readonly #scroller = find('scroller');
  readonly #sheet = find('sheet');
  readonly #split = find<HTMLInputElement>('split');
  readonly #after = find('after');
  readonly #color = find<HTMLInputElement>('color');
  readonly #readBackdrop: () => Backdrop;
  readonly #readZoom: () => string;
  readonly #language: Language;
  #size: Size = { width: 1, height: 1 };
  /** Initial center when zooming in. */
  #spot: Spot = MIDDLE;
  #wasFit = true;
  #urls: Partial<Record<'before' | 'after', string>> = {};
  /** Position of the slider while the whole picture is veiled; null: not veiled. */
  #splitBefore: string | null = null;

  /** @param onChange backdrop, zoom or window size changed: another kind or size of picture may be needed */
  constructor(language: Language, onChange: () => void) {
    this.#language = language;
    this.#readBackdrop = followChoice<Backdrop>('backdrops', () => {
      this.#drawBackdrop();
      onChange();
    });
    this.#readZoom = followChoice('zooms', () => {
      this.#layOut(this.#wasFit ? this.#spot : this.#center());
      this.#wasFit = this.#readZoom() === 'fit';
      onChange();
    });
    this.#color.addEventListener('input', () => this.#drawBackdrop());
    this.#split.addEventListener('input', () => this.#drawSplit());
    this.#scroller.addEventListener('scroll', () => this.#drawSplit());
    new ResizeObserver(() => {
      this.#layOut(this.#center());
      onChange();
    }).observe(this.#scroller);
    language.follow(() => this.#drawSplit());
    this.#drawBackdrop();
    this.#letMouseMove();
  }

  get backdrop(): Backdrop | 'veiled' {
    return this.#splitBefore === null ? this.#readBackdrop() : 'veiled';
  }

  /** The color behind the subject as CSS; null behind a checkerboard or a mask. */
  get background(): string | null {
    const chosen = this.#readBackdrop();
    if (chosen === 'color') return this.#color.value;
    return chosen === 'white' || chosen === 'black' ? chosen : null;
  }

  /** Shows the whole picture, red where the mask hides it, to paint on; or before and after again. */
  veil(isVeiled: boolean): void {
    if (isVeiled === (this.#splitBefore !== null)) return;
    const split = this.#splitBefore ?? '50';
    this.#splitBefore = isVeiled ? this.#split.value : null;
    this.#split.value = isVeiled ? '0' : split;
    for (const id of ['split', 'line', 'tag-before', 'tag-after']) find(id).classList.toggle('aside', isVeiled);
    this.#drawBackdrop();
    this.#drawSplit();
  }

  /** Visible width in pixels of the picture; rounded up in steps, so that not every window size needs a new picture. */
  get usefulWidth(): number {
    const { width } = this.#size;
    if (this.#readZoom() !== 'fit') return width;
    const seen = this.#scale() * width * devicePixelRatio;
    return Math.min(width, Math.ceil(seen / WIDTH_STEP) * WIDTH_STEP);
  }

  /** Starts with a new picture: the old ones are removed, and the slider returns to the middle. */
  open(size: Size): void {
    this.close();
    this.#size = size;
    this.#spot = MIDDLE;
    this.#wasFit = true;
    this.#split.value = '50';
    find<HTMLInputElement>('zooms').querySelector<HTMLInputElement>('[value=fit]')!.checked = true;
    this.#layOut();
  }

  /** Places the line at the center of the subject, and zooms to its hair. */
  aim({ hair, middle }: Focus): void {
    this.#spot = hair;
    const { offsetLeft, offsetWidth } = this.#sheet;
    this.#split.value = String(((offsetLeft + middle * offsetWidth) / this.#scroller.clientWidth) * 100);
    this.#drawSplit();
  }

  /** @param picture null if the browser cannot decode the original */
  setBefore(picture: Blob | null): void {
    if (picture) {
      this.#urls.before = URL.createObjectURL(picture);
      find<HTMLImageElement>('before').src = this.#urls.before;
    }
    for (const id of ['split', 'line', 'tag-before', 'tag-after']) show(id, picture !== null);
    this.#drawSplit();
  }

  /** Shown only once it is decoded, to avoid flicker. */
  async setAfter(picture: Blob, signal: AbortSignal): Promise<void> {
    const url = URL.createObjectURL(picture);
    const image = find<HTMLImageElement>('after-picture');
    const next = new Image();
    next.src = url;
    await next.decode().catch(() => undefined);
    if (signal.aborted) {
      URL.revokeObjectURL(url);
      throw signal.reason;
    }
    image.src = url;
    // Small previews are smoothed: their pixels are not the picture's.
    image.classList.toggle('small', next.naturalWidth < this.#size.width);
    if (this.#urls.after) URL.revokeObjectURL(this.#urls.after);
    this.#urls.after = url;
  }

  close(): void {
    for (const url of Object.values(this.#urls)) URL.revokeObjectURL(url);
    this.#urls = {};
    for (const id of ['before', 'after-picture']) find(id).removeAttribute('src');
  }

  /** CSS pixels per picture pixel. */
  #scale(): number {
    const zoom = this.#readZoom();
    if (zoom !== 'fit') return Number(zoom) / devicePixelRatio;
    const { clientWidth, clientHeight } = this.#scroller;
    return Math.min(clientWidth / this.#size.width, clientHeight / this.#size.height, MOST_FIT);
  }

  /** Center of the visible part, as fractions of the picture. */
  #center(): Spot {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#scroller;
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = this.#sheet;
    return {
      x: (scrollLeft + clientWidth / 2 - offsetLeft) / (offsetWidth || 1),
      y: (scrollTop + clientHeight / 2 - offsetTop) / (offsetHeight || 1),
    };
  }

  #layOut({ x, y } = MIDDLE): void {
    const scale = this.#scale();
    const width = this.#size.width * scale;
    const height = this.#size.height * scale;
    this.#sheet.style.width = `${width}px`;
    this.#sheet.style.height = `${height}px`;
    this.#sheet.classList.toggle('pixelated', scale * devicePixelRatio > PIXELATED);
    this.#scroller.scrollTo({
      left: this.#sheet.offsetLeft + x * width - this.#scroller.clientWidth / 2,
      top: this.#sheet.offsetTop + y * height - this.#scroller.clientHeight / 2,
      behavior: 'instant',
    });
    this.#drawSplit();
  }

  /** The line stays in place on the screen while the picture moves below it. */
  #drawSplit(): void {
    const fraction = this.#split.hidden || this.#splitBefore !== null ? 0 : Number(this.#split.value) / 100;
    const { clientWidth, scrollLeft } = this.#scroller;
    const cut = fraction * clientWidth + scrollLeft - this.#sheet.offsetLeft;
    const inside = Math.min(Math.max(cut, 0), this.#sheet.offsetWidth);
    this.#sheet.style.setProperty('--cut', `${inside}px`);
    find('pane').style.setProperty('--split', String(fraction));
    const percent = String(Math.round(fraction * 100));
    this.#split.setAttribute('aria-valuetext', fill(this.#language.words.viewer.splitAt, { percent }));
  }

  #drawBackdrop(): void {
    const { backdrop } = this;
    this.#after.dataset.backdrop = backdrop;
    this.#after.style.setProperty('--color', this.#color.value);
    find('swatch').style.setProperty('--color', this.#color.value);
    this.#color.hidden = backdrop !== 'color';
    find('background-row').hidden = this.background === null;
  }

  /** Touch scrolls natively. */
  #letMouseMove(): void {
    const scroller = this.#scroller;
    scroller.addEventListener('pointerdown', (event) => {
      if (event.pointerType !== 'mouse' || event.button !== 0) return;
      const from = { x: event.clientX + scroller.scrollLeft, y: event.clientY + scroller.scrollTop };
      const move = ({ clientX, clientY }: PointerEvent) =>
        scroller.scrollTo({ left: from.x - clientX, top: from.y - clientY, behavior: 'instant' });
      const stop = new AbortController();
      scroller.setPointerCapture(event.pointerId);
      scroller.classList.add('moving');
      scroller.addEventListener('pointermove', move, stop);
      for (const end of ['pointerup', 'pointercancel']) {
        const finish = () => {
          scroller.classList.remove('moving');
          stop.abort();
        };
        scroller.addEventListener(end, finish, stop);
      }
    });
  }
}
