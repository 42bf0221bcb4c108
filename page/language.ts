import { fill } from '../words/fill.ts';
import { chooseWords } from '../words/page/choose.ts';
import type { Words } from '../words/page/words.ts';

const KEPT = 'hairline-language';

/** The current words, and the elements that change with them. */
export class Language {
  #words: Words;
  readonly #listeners: (() => void)[] = [];

  constructor() {
    this.#words = chooseWords(recall() ?? navigator.language);
    this.#apply();
  }

  get words(): Words {
    return this.#words;
  }

  /** Called immediately, and after each change. */
  follow(listener: () => void): void {
    this.#listeners.push(listener);
    listener();
  }

  choose(locale: string): void {
    this.#words = chooseWords(locale);
    remember(this.#words.lang);
    this.#apply();
    for (const listener of this.#listeners) listener();
  }

  #apply(): void {
    document.documentElement.lang = this.#words.lang;
    for (const element of document.querySelectorAll<HTMLElement>('[data-word]'))
      element.textContent = find(this.#words, element.dataset.word!);
    for (const element of document.querySelectorAll<HTMLElement>('[data-label]'))
      element.setAttribute('aria-label', find(this.#words, element.dataset.label!));
  }
}

export { fill };

function find(words: Words, path: string): string {
  const [name = '', value] = path.split('=');
  const text = name.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], words);
  return value === undefined ? String(text) : fill(String(text), { value });
}

/** Some private windows refuse storage. */
function recall(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function remember(lang: string): void {
  try {
    localStorage.setItem(KEPT, lang);
  } catch {
    // The browser's own language is used the next time.
  }
}
