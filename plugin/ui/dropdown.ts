import { find } from './elements.ts';

/** What every list widget of UXP has; its `value` not every version knows. */
interface ListElement extends HTMLElement {
  selectedIndex: number;
}

/** Something of the markup that one of several choices is made with. */
export interface Choice<T extends string> {
  show(choice: T): void;
}

/** A list of words to choose one of; the items of the markup are in the order of `choices`. */
export function createDropdown<T extends string>(
  document: Document,
  id: string,
  choices: readonly T[],
  words: { label: string; items: Readonly<Record<T, string>> },
  choose: (choice: T) => void,
): Choice<T> {
  const list = find(document, id) as ListElement;
  /** Null at first, even if the list shows something: its word may be that of another language. */
  let shown: T | null = null;

  function take(index: number): void {
    const choice = choices[index];
    if (choice !== undefined) choose(choice);
  }

  find(document, `${id}-label`).textContent = words.label;
  list.setAttribute('aria-label', words.label);
  const items = list.querySelectorAll('sp-menu-item');
  choices.forEach((choice, index) => {
    items[index]!.textContent = words.items[choice];
  });
  list.addEventListener('change', () => take(list.selectedIndex));
  // The arrow keys do nothing to these lists of UXP's own accord.
  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    take(list.selectedIndex + step);
  });
  return {
    show(choice) {
      const index = choices.indexOf(choice);
      if (shown !== choice || list.selectedIndex !== index) list.selectedIndex = index;
      shown = choice;
    },
  };
}
