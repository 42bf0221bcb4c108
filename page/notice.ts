import type { Words } from '../words/page/words.ts';
import type { Sentence } from '../words/panel/strings.ts';
import { find, show } from './elements.ts';
import type { Language } from './language.ts';

type Say = (words: Words) => Sentence;

/** A message at the top: an error until it is dismissed, or a condition while it lasts. */
export class Notice {
  readonly #language: Language;
  #lasting: Say | null = null;
  #passing: Say | null = null;

  constructor(language: Language) {
    this.#language = language;
    language.follow(() => this.#draw());
    find('notice-close').addEventListener('click', () => this.clear());
  }

  say(sentence: Say): void {
    this.#passing = sentence;
    this.#draw();
  }

  clear(): void {
    this.#passing = null;
    this.#draw();
  }

  /** @param sentence null once the condition is over */
  keep(sentence: Say | null): void {
    this.#lasting = sentence;
    this.#draw();
  }

  #draw(): void {
    const sentence = this.#lasting ?? this.#passing;
    const [message, hint] = sentence?.(this.#language.words) ?? ['', ''];
    // Written only on change: screen readers announce every write to an alert.
    if (find('notice-text').textContent !== message) find('notice-text').textContent = message;
    find('notice-hint').textContent = hint;
    show('notice', sentence !== null);
    show('notice-close', this.#lasting === null);
  }
}
