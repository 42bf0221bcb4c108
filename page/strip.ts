import type { Words } from '../words/page/words.ts';
import { find, show } from './elements.ts';
import { describeError } from './errors.ts';
import { type Gallery, type Item, isWaiting } from './gallery.ts';
import { fill, type Language } from './language.ts';
import type { View } from './matte-session.ts';
import { canShow } from './pictures.ts';

/** Side of a thumbnail in CSS pixels, twice over for dense screens. */
const THUMBNAIL = 144;

interface Thumb {
  button: HTMLButtonElement;
  image: HTMLImageElement;
}

/** Thumbnails of the pictures with the state of each; one of them is shown. */
export class Strip {
  readonly #gallery: Gallery;
  readonly #language: Language;
  readonly #thumbs = new Map<Item, Thumb>();
  readonly #list = find('thumbs');

  constructor(gallery: Gallery, language: Language) {
    this.#gallery = gallery;
    this.#language = language;
    find('previous').addEventListener('click', () => gallery.move(-1));
    find('next').addEventListener('click', () => gallery.move(1));
    this.#list.addEventListener('keydown', (event) => this.#walk(event));
    document.addEventListener('keydown', (event) => {
      const steps = { PageDown: 1, PageUp: -1 }[event.key];
      // Sliders, which have arrow keys as well, lose these two.
      if (!steps || gallery.items.length < 2) return;
      event.preventDefault();
      gallery.move(steps);
    });
    language.follow(() => this.draw());
  }

  draw(): void {
    const { items, current } = this.#gallery;
    const { words } = this.#language;
    show('strip', items.length > 1);
    for (const [item, { button, image }] of this.#thumbs) {
      if (items.includes(item)) continue;
      URL.revokeObjectURL(image.src);
      button.parentElement!.remove();
      this.#thumbs.delete(item);
    }
    for (const [i, item] of items.entries()) {
      const { button } = this.#thumbs.get(item) ?? this.#make(item);
      const { view } = item.session;
      const place = fill(words.strip.place, { index: String(i + 1), count: String(items.length) });
      button.dataset.state = stateOf(view);
      button.title = `${item.file.name}: ${describe(view, words)}`;
      button.setAttribute('aria-label', `${place}, ${button.title}`);
      button.toggleAttribute('aria-current', item === current);
      if (item === current) button.setAttribute('aria-current', 'true');
      button.tabIndex = item === current ? 0 : -1;
    }
    const at = current ? items.indexOf(current) : -1;
    find('previous').setAttribute('aria-disabled', String(at <= 0));
    find('next').setAttribute('aria-disabled', String(at === items.length - 1));
    if (current) this.#thumbs.get(current)?.button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  #make(item: Item): Thumb {
    const button = document.createElement('button');
    const image = document.createElement('img');
    const entry = document.createElement('li');
    button.type = 'button';
    image.alt = '';
    button.append(image);
    entry.append(button);
    this.#list.append(entry);
    button.addEventListener('click', () => this.#gallery.select(item));
    const thumb = { button, image };
    this.#thumbs.set(item, thumb);
    void this.#fill(item, image);
    return thumb;
  }

  /** From the file; from the server once it has a picture that the browser cannot decode. */
  async #fill({ file, session }: Item, image: HTMLImageElement): Promise<void> {
    if (await canShow(file)) {
      image.src = URL.createObjectURL(await shrink(file));
      return;
    }
    await session.settled;
    if (session.view.name !== 'result') return;
    const settings = { output: 'picture', width: THUMBNAIL } as const;
    const picture = await session.read(settings, new AbortController().signal).catch(() => null);
    if (picture) image.src = URL.createObjectURL(picture);
  }

  #walk(event: KeyboardEvent): void {
    const { items } = this.#gallery;
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -items.length, End: items.length }[event.key];
    if (!steps) return;
    event.preventDefault();
    this.#gallery.move(steps);
    this.#thumbs.get(this.#gallery.current!)?.button.focus();
  }
}

type State = 'waiting' | 'working' | 'done' | 'failed';

function stateOf(view: View): State {
  if (view.name === 'failed') return 'failed';
  if (view.name === 'result') return 'done';
  return isWaiting(view) ? 'waiting' : 'working';
}

function describe(view: View, words: Words): string {
  return view.name === 'failed' ? describeError(view.error, words)[0] : words.strip.states[stateOf(view)];
}

/** A hundred pictures at full size would fill the memory. */
async function shrink(file: Blob): Promise<Blob> {
  const options = { resizeHeight: THUMBNAIL, resizeQuality: 'medium' } as const;
  const bitmap = await createImageBitmap(file, options).catch(() => null);
  if (!bitmap) return file;
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob();
}
