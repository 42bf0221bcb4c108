import { find } from './elements.ts';

/** What every list widget of UXP has; its `value` not every version knows. */
interface ListElement extends HTMLElement {
  selectedIndex: number;
}

/** A list of words to choose one of; the items of the markup are in the order of `choices`. */
export class Dropdown<T extends string> {
  private readonly list: ListElement;
  private readonly choices: readonly T[];
  private readonly choose: (choice: T) => void;
  /** Null at first, even if the list shows something: its word may be that of another language. */
  private shown: T | null = null;

  constructor(
    document: Document,
    id: string,
    choices: readonly T[],
    words: { label: string; items: Readonly<Record<T, string>> },
    choose: (choice: T) => void,
  ) {
    this.list = find(document, id) as ListElement;
    this.choices = choices;
    this.choose = choose;
    find(document, `${id}-label`).textContent = words.label;
    this.list.setAttribute('aria-label', words.label);
    const items = this.list.querySelectorAll('sp-menu-item');
    choices.forEach((choice, index) => {
      items[index]!.textContent = words.items[choice];
    });
    this.list.addEventListener('change', () => this.take(this.list.selectedIndex));
    // The arrow keys do nothing to these lists of UXP's own accord.
    this.list.addEventListener('keydown', (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.take(this.list.selectedIndex + step);
    });
  }

  show(choice: T): void {
    const index = this.choices.indexOf(choice);
    if (this.shown !== choice || this.list.selectedIndex !== index) this.list.selectedIndex = index;
    this.shown = choice;
  }

  private take(index: number): void {
    const choice = this.choices[index];
    if (choice !== undefined) this.choose(choice);
  }
}
