import { REFINEMENTS, SUBJECTS, type Subject } from '../../protocol/matte.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import { DELIVERIES, MASK_POLICIES, type Settings, SOURCES } from '../settings/settings.ts';
import { Disclosure } from './disclosure.ts';
import { Dropdown } from './dropdown.ts';
import { find, write } from './elements.ts';

/** What to mask, and what becomes of it. Closed, the options say in one line what they are. */
export class Options {
  private readonly strings: Strings;
  private readonly subject: HTMLElement;
  private readonly summary: HTMLElement;
  private readonly source: Dropdown<Settings['source']>;
  private readonly delivery: Dropdown<Settings['delivery']>;
  private readonly refine: Dropdown<Settings['refine']>;
  private readonly existingMask: Dropdown<Settings['existingMask']>;

  constructor(document: Document, strings: Strings, intents: Pick<Intents, 'choose'>) {
    const { labels } = strings;
    this.strings = strings;
    this.subject = find(document, 'subject');
    this.summary = find(document, 'options-summary');
    new Disclosure(document, 'options', strings.options);
    const list = <K extends 'source' | 'delivery' | 'refine' | 'existingMask'>(
      name: K,
      choices: readonly Settings[K][],
      items: Readonly<Record<Settings[K], string>>,
    ) => {
      const choose = (choice: Settings[K]) => intents.choose({ [name]: choice });
      return new Dropdown<Settings[K]>(document, name, choices, { label: labels[name], items }, choose);
    };
    this.source = list('source', SOURCES, strings.sources);
    this.delivery = list('delivery', DELIVERIES, strings.deliveries);
    this.refine = list('refine', REFINEMENTS, strings.refinements);
    this.existingMask = list('existingMask', MASK_POLICIES, strings.maskPolicies);
    this.prepareSubject(intents);
  }

  draw(settings: Settings): void {
    const { sources, deliveries, refinements } = this.strings;
    this.drawSubject(settings.subject);
    this.source.show(settings.source);
    this.delivery.show(settings.delivery);
    this.refine.show(settings.refine);
    this.existingMask.show(settings.existingMask);
    const { delivery, source, refine } = settings;
    write(this.summary, `${deliveries[delivery]} · ${sources[source]} · ${refinements[refine]}`);
  }

  private prepareSubject(intents: Pick<Intents, 'choose'>): void {
    const { subject, strings } = this;
    subject.setAttribute('aria-label', strings.subject);
    for (const radio of this.radios()) {
      const value = toSubject(radio.getAttribute('value'));
      if (value !== undefined) radio.textContent = strings.subjects[value];
    }
    const choose = ({ target }: Event) => {
      const value = toSubject((target as HTMLInputElement).value);
      if (value !== undefined) intents.choose({ subject: value });
    };
    subject.addEventListener('change', choose);
    // Not every UXP control turns the space bar into a change.
    subject.addEventListener('keydown', (event) => {
      if (event.key === ' ' || event.key === 'Enter') choose(event);
    });
  }

  private drawSubject(subject: Subject): void {
    const radios = this.radios();
    for (const on of [true, false]) {
      // The chosen one first: UXP clears the others itself, and a group that is empty for a moment may object.
      for (const radio of radios) {
        const wanted = radio.getAttribute('value') === subject;
        if (wanted === on && radio.checked !== on) radio.checked = on;
      }
    }
  }

  private radios(): HTMLInputElement[] {
    return Array.from(this.subject.querySelectorAll<HTMLInputElement>('sp-radio'));
  }
}

function toSubject(value: unknown): Subject | undefined {
  return SUBJECTS.find((subject) => subject === value);
}
