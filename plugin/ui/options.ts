import { REFINEMENTS, SUBJECTS, type Subject } from '../../protocol/matte.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import { DELIVERIES, MASK_POLICIES, type Settings, SOURCES } from '../settings/settings.ts';
import { Disclosure } from './disclosure.ts';
import { Dropdown } from './dropdown.ts';
import { find, write } from './elements.ts';
import { RadioGroup } from './radio-group.ts';

/** What to mask, and what becomes of it. Closed, the options say in one line what they are. */
export class Options {
  private readonly strings: Strings;
  private readonly subject: RadioGroup<Subject>;
  private readonly summary: HTMLElement;
  private readonly source: Dropdown<Settings['source']>;
  private readonly delivery: Dropdown<Settings['delivery']>;
  private readonly refine: Dropdown<Settings['refine']>;
  private readonly existingMask: Dropdown<Settings['existingMask']>;

  constructor(document: Document, strings: Strings, intents: Pick<Intents, 'choose'>) {
    const { labels } = strings;
    this.strings = strings;
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
    const words = { label: strings.subject, items: strings.subjects };
    this.subject = new RadioGroup(document, 'subject', SUBJECTS, words, (subject) => intents.choose({ subject }));
  }

  draw(settings: Settings): void {
    const { sources, deliveries, refinements } = this.strings;
    this.subject.show(settings.subject);
    this.source.show(settings.source);
    this.delivery.show(settings.delivery);
    this.refine.show(settings.refine);
    this.existingMask.show(settings.existingMask);
    const { delivery, source, refine } = settings;
    write(this.summary, `${deliveries[delivery]} · ${sources[source]} · ${refinements[refine]}`);
  }
}
