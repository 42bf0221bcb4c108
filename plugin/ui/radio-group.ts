import { find } from './elements.ts';

/** What radios of UXP have. */
type Radio = HTMLInputElement;

/** Buttons of which one is on; `choices` are the values of the markup's radios. */
export class RadioGroup<T extends string> {
  private readonly group: HTMLElement;
  private readonly choices: readonly T[];

  /** @param words choices that are called the same in every language keep the words of the markup */
  constructor(
    document: Document,
    id: string,
    choices: readonly T[],
    words: { label: string; items: Readonly<Partial<Record<T, string>>> },
    choose: (choice: T) => void,
  ) {
    this.group = find(document, id);
    this.choices = choices;
    this.group.setAttribute('aria-label', words.label);
    for (const radio of this.radios()) {
      const choice = this.toChoice(radio.getAttribute('value'));
      const word = choice === undefined ? undefined : words.items[choice];
      if (word !== undefined) radio.textContent = word;
    }
    const take = ({ target }: Event) => {
      const choice = this.read(target as Radio);
      if (choice !== undefined) choose(choice);
    };
    this.group.addEventListener('change', take);
    // Not every UXP control turns the space bar into a change.
    this.group.addEventListener('keydown', (event) => {
      if (event.key === ' ' || event.key === 'Enter') take(event);
    });
  }

  /** The chosen one first: UXP clears the others itself, and a group that is empty for a moment may object. */
  show(choice: T): void {
    for (const on of [true, false]) {
      for (const radio of this.radios()) {
        const wanted = radio.getAttribute('value') === choice;
        if (wanted === on && radio.checked !== on) radio.checked = on;
      }
    }
  }

  /** The documentation has the group as target of `change`, and its choice as `value`; `selected` and the radio were seen. */
  private read(target: Radio & { selected?: unknown }): T | undefined {
    const checked = () =>
      this.radios()
        .find((radio) => radio.checked)
        ?.getAttribute('value');
    return this.toChoice(target.value) ?? this.toChoice(target.selected) ?? this.toChoice(checked());
  }

  private toChoice(value: unknown): T | undefined {
    return this.choices.find((choice) => choice === value);
  }

  private radios(): Radio[] {
    return Array.from(this.group.querySelectorAll<Radio>('sp-radio'));
  }
}
