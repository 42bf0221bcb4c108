import { REFINEMENTS, SUBJECTS } from '../../protocol/matte.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import { DELIVERIES, MASK_POLICIES, type Settings, SOURCES } from '../settings/settings.ts';
import { createDisclosure } from './disclosure.ts';
import { createDropdown } from './dropdown.ts';
import { find, write } from './elements.ts';
import { createRadioGroup } from './radio-group.ts';

/** What to mask, and what becomes of it. Closed, the options say in one line what they are. */
export function createOptions(document: Document, strings: Strings, intents: Pick<Intents, 'choose'>) {
  const { labels, sources, deliveries, refinements } = strings;
  createDisclosure(document, 'options', strings.options);
  const list = <K extends 'source' | 'delivery' | 'refine' | 'existingMask'>(
    name: K,
    choices: readonly Settings[K][],
    items: Readonly<Record<Settings[K], string>>,
  ) => {
    const choose = (choice: Settings[K]) => intents.choose({ [name]: choice });
    const dropdown = createDropdown<Settings[K]>(document, name, choices, { label: labels[name], items }, choose);
    return (settings: Settings) => dropdown.show(settings[name]);
  };
  const words = { label: strings.subject, items: strings.subjects };
  const subjects = createRadioGroup(document, 'subject', SUBJECTS, words, (subject) => intents.choose({ subject }));
  const lists = [
    list('source', SOURCES, sources),
    list('delivery', DELIVERIES, deliveries),
    list('refine', REFINEMENTS, refinements),
    list('existingMask', MASK_POLICIES, strings.maskPolicies),
  ];
  return {
    draw(settings: Settings): void {
      const { subject, delivery, source, refine } = settings;
      subjects.show(subject);
      for (const showChoice of lists) showChoice(settings);
      const summary = `${deliveries[delivery]} · ${sources[source]} · ${refinements[refine]}`;
      write(find(document, 'options-summary'), summary);
    },
  };
}
