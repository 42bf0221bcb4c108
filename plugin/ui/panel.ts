import { describeServer, describeView } from './messages.ts';
import { isRunning, type View } from './state.ts';
import type { Strings } from './strings.ts';

/** What the user can ask for. */
export interface Intents {
  maskSubject(): void;
  cancel(): void;
}

/** Draws views into the markup of `index.html` and passes clicks on. Knows nothing else. */
export class Panel {
  private readonly root: HTMLElement;
  private readonly strings: Strings;
  private readonly start: HTMLElement;
  private readonly stop: HTMLElement;

  constructor(document: Document, strings: Strings, intents: Intents) {
    this.root = find(document, 'panel');
    this.start = find(document, 'mask-subject');
    this.stop = find(document, 'cancel');
    this.strings = strings;
    this.start.textContent = strings.maskSubject;
    this.stop.textContent = strings.cancel;
    this.start.addEventListener('click', () => intents.maskSubject());
    this.stop.addEventListener('click', () => intents.cancel());
  }

  /** Photoshop hands every panel a node; with one panel it is usually the body, which already holds our markup. */
  mount(node: HTMLElement): void {
    if (!node.contains(this.root)) node.appendChild(this.root);
  }

  draw(view: View): void {
    const { panel, server } = view;
    const { message, hint, detail } = describeView(view, this.strings);
    this.root.setAttribute('data-state', panel.name);
    this.write('status', message);
    this.write('hint', hint);
    this.write('detail', detail);
    this.write('server', describeServer(server, this.strings));
    this.showButton(isRunning(panel));
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
