import type { Subject } from '../../protocol/matte.ts';
import { isSubject } from '../subject.ts';
import { describeServer, describeView } from './messages.ts';
import { isRunning, type View } from './state.ts';
import type { Strings } from './strings/strings.ts';

/** What the user can ask for. */
export interface Intents {
  maskSubject(): void;
  chooseSubject(subject: Subject): void;
  cancel(): void;
}

/** Draws views into the markup of `index.html` and passes clicks on. Knows nothing else. */
export class Panel {
  private readonly root: HTMLElement;
  private readonly strings: Strings;
  private readonly start: HTMLElement;
  private readonly stop: HTMLElement;
  private readonly choice: HTMLElement;

  constructor(document: Document, strings: Strings, intents: Intents) {
    this.root = find(document, 'panel');
    this.start = find(document, 'mask-subject');
    this.stop = find(document, 'cancel');
    this.choice = find(document, 'subject');
    this.strings = strings;
    this.root.setAttribute('lang', strings.lang);
    this.start.textContent = strings.maskSubject;
    this.stop.textContent = strings.cancel;
    this.start.addEventListener('click', () => intents.maskSubject());
    this.stop.addEventListener('click', () => intents.cancel());
    this.choice.setAttribute('aria-label', strings.subject);
    for (const radio of this.radios()) {
      const subject = radio.getAttribute('value');
      if (isSubject(subject)) radio.textContent = strings.subjects[subject];
    }
    const choose = ({ target }: Event) => {
      const { value } = target as HTMLInputElement;
      if (isSubject(value)) intents.chooseSubject(value);
    };
    this.choice.addEventListener('change', choose);
    // Not every UXP control turns the space bar into a change.
    this.choice.addEventListener('keydown', (event) => {
      if (event.key === ' ' || event.key === 'Enter') choose(event);
    });
  }

  /** Photoshop hands every panel a node; with one panel it is usually the body, which already holds our markup. */
  mount(node: HTMLElement): void {
    if (!node.contains(this.root)) node.appendChild(this.root);
  }

  draw(view: View): void {
    const { panel, server, subject } = view;
    const { message, hint, detail } = describeView(view, this.strings);
    this.root.setAttribute('data-state', panel.name);
    this.write('status', message);
    this.write('hint', hint);
    this.write('detail', detail);
    this.write('server', describeServer(server, this.strings));
    this.showButton(isRunning(panel));
    this.showChoice(isRunning(panel), subject);
  }

  /** Hidden, not disabled: a UXP control that was disabled once can no longer be reached with TAB. */
  private showButton(running: boolean): void {
    const [shown, hidden] = running ? [this.stop, this.start] : [this.start, this.stop];
    if (shown.style.display !== 'none') return;
    const focused = this.root.ownerDocument.activeElement === hidden;
    shown.style.display = '';
    hidden.style.display = 'none';
    if (focused) shown.focus();
  }

  /** Hidden during a run for the same reason, and because it would no longer change anything. */
  private showChoice(running: boolean, subject: Subject): void {
    const { choice } = this;
    if (running && choice.contains(this.root.ownerDocument.activeElement)) this.stop.focus();
    choice.style.display = running ? 'none' : '';
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
    return Array.from(this.choice.querySelectorAll<HTMLInputElement>('sp-radio'));
  }

  /** Writes only what changed: every write to the live region is read aloud. */
  private write(id: string, text: string): void {
    const element = find(this.root.ownerDocument, id);
    if (element.textContent === text) return;
    element.textContent = text;
    element.style.display = text === '' ? 'none' : '';
  }
}

function find(document: Document, id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no #${id}`);
  return element;
}
