import { PORTS } from '../../protocol/limits.ts';
import { fill } from '../../words/fill.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import type { View } from '../session/state.ts';
import { Disclosure } from './disclosure.ts';
import { find, hasFocus, show, write } from './elements.ts';
import { canBeStarted, describeServer, describeServerDetails } from './messages.ts';

/** What a user who has Node and the folder types; the same words as in the sentences about a missing server. */
const COMMAND = 'npm start';

/** Which server this is, where it is looked for, and how it is started. */
export class ServerSection {
  private readonly strings: Strings;
  private readonly line: HTMLElement;
  private readonly details: HTMLElement;
  private readonly help: HTMLElement;
  private readonly start: HTMLElement;
  private readonly address: HTMLInputElement;
  private readonly complaint: HTMLElement;

  constructor(document: Document, strings: Strings, intents: Pick<Intents, 'startServer' | 'chooseAddress'>) {
    const { setup } = strings;
    this.strings = strings;
    this.line = find(document, 'server');
    this.details = find(document, 'server-details');
    this.help = find(document, 'server-help');
    this.start = find(document, 'start-server');
    this.address = find(document, 'address') as HTMLInputElement;
    this.complaint = find(document, 'address-complaint');
    new Disclosure(document, 'setup', setup.title);
    this.start.textContent = setup.start;
    this.start.addEventListener('click', () => intents.startServer());
    this.prepareCommand(document);
    find(document, 'address-label').textContent = setup.address;
    this.address.setAttribute('aria-label', setup.address);
    this.address.setAttribute('placeholder', setup.automatic);
    this.address.addEventListener('change', async () => {
      const fine = await intents.chooseAddress(this.address.value);
      const example = `http://127.0.0.1:${PORTS[0]}`;
      write(this.complaint, fine ? '' : fill(setup.badAddress, { example }));
    });
  }

  draw({ server, address }: Pick<View, 'server' | 'address'>): void {
    write(this.line, describeServer(server, this.strings));
    write(this.details, describeServerDetails(server, this.strings));
    show(this.help, canBeStarted(server));
    // What is being typed, or was refused, stays as it is.
    const typed = hasFocus(this.address) || this.complaint.textContent !== '';
    if (!typed && this.address.value !== address) this.address.value = address;
  }

  /** A field, because its text can be selected and copied in every UXP version. */
  private prepareCommand(document: Document): void {
    const { setup } = this.strings;
    const command = find(document, 'command') as HTMLInputElement;
    find(document, 'command-label').textContent = setup.command;
    command.setAttribute('aria-label', setup.command);
    command.value = COMMAND;
    command.addEventListener('input', () => {
      command.value = COMMAND;
    });
  }
}
