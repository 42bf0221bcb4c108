import type { Choice } from './dropdown.ts';
import { find, setChecked } from './elements.ts';

/** What radios of UXP have. */
type Radio = HTMLInputElement;

/**
 * Buttons of which one is on; `choices` are the values of the markup's radios.
 * @param words choices that are called the same in every language keep the words of the markup
 */
export function createRadioGroup<T extends string>(
  document: Document,
  id: string,
  choices: readonly T[],
  words: { label: string; items: Readonly<Partial<Record<T, string>>> },
  choose: (choice: T) => void,
): Choice<T> {
  const group = find(document, id);
  const radios = () => Array.from(group.querySelectorAll<Radio>('sp-radio'));
  const nameOf = (radio: Radio | undefined) => radio?.getAttribute('value');
  const toChoice = (value: unknown) => choices.find((choice) => choice === value);

  /** The documentation has the group as target of `change`, and its choice as `value`; `selected` and the radio were seen. */
  function take({ target }: Event): void {
    const { value, selected } = target as Radio & { selected?: unknown };
    const checked = () => toChoice(nameOf(radios().find((radio) => radio.checked)));
    const choice = toChoice(value) ?? toChoice(selected) ?? checked();
    if (choice !== undefined) choose(choice);
  }

  group.setAttribute('aria-label', words.label);
  for (const radio of radios()) {
    const choice = toChoice(nameOf(radio));
    const word = choice === undefined ? undefined : words.items[choice];
    if (word !== undefined) radio.textContent = word;
  }
  group.addEventListener('change', take);
  // Not every UXP control turns the space bar into a change.
  group.addEventListener('keydown', (event) => {
    if (event.key === ' ' || event.key === 'Enter') take(event);
  });
  return {
    /** The chosen one first: UXP clears the others itself, and a group that is empty for a moment may object. */
    show(choice) {
      for (const on of [true, false]) {
        for (const radio of radios()) if ((nameOf(radio) === choice) === on) setChecked(radio, on);
      }
    },
  };
}
