import { PORTS } from '../../protocol/limits.ts';
import { fill } from '../../words/fill.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import type { View } from '../session/state.ts';
import { createDisclosure } from './disclosure.ts';
import { find, hasFocus, prepareButton, show, write } from './elements.ts';
import { canBeStarted, describeServer, describeServerDetails } from './messages.ts';

/** What a user who has Node and the folder types; the same words as in the sentences about a missing server. */
const COMMAND = 'npm start';

/** Which server this is, where it is looked for, and how it is started. */
export function createServerSection(
  document: Document,
  strings: Strings,
  intents: Pick<Intents, 'startServer' | 'chooseAddress'>,
) {
  const { setup } = strings;
  const complaint = find(document, 'address-complaint');
  createDisclosure(document, 'setup', setup.title);
  prepareButton(document, 'start-server', setup.start, intents.startServer);
  const prepareField = (id: string, label: string) => {
    const field = find(document, id) as HTMLInputElement;
    find(document, `${id}-label`).textContent = label;
    field.setAttribute('aria-label', label);
    return field;
  };
  // A field, because its text can be selected and copied in every UXP version.
  const command = prepareField('command', setup.command);
  const restore = () => {
    command.value = COMMAND;
  };
  restore();
  command.addEventListener('input', restore);
  const field = prepareField('address', setup.address);
  field.setAttribute('placeholder', setup.automatic);
  field.addEventListener('change', async () => {
    const fine = await intents.chooseAddress(field.value);
    const example = `http://127.0.0.1:${PORTS[0]}`;
    write(complaint, fine ? '' : fill(setup.badAddress, { example }));
  });
  return {
    draw({ server, address }: Pick<View, 'server' | 'address'>): void {
      write(find(document, 'server'), describeServer(server, strings));
      write(find(document, 'server-details'), describeServerDetails(server, strings));
      show(find(document, 'server-help'), canBeStarted(server));
      // What is being typed, or was refused, stays as it is.
      const typed = hasFocus(field) || complaint.textContent !== '';
      if (!typed && field.value !== address) field.value = address;
    },
  };
}
