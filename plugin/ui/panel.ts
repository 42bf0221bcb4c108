import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import { isRunning, type PanelState, type View } from '../session/state.ts';
import { Disclosure } from './disclosure.ts';
import { EdgeSection } from './edge-section.ts';
import { find, hasFocus, isShown, show, write } from './elements.ts';
import { describeView } from './messages.ts';
import { Options } from './options.ts';
import { Question } from './question.ts';
import { ServerSection } from './server-section.ts';

/** Draws views into the markup of `index.html` and passes on what the user does. Knows nothing else. */
export class Panel {
  private readonly document: Document;
  private readonly root: HTMLElement;
  private readonly strings: Strings;
  private readonly start: HTMLElement;
  private readonly stop: HTMLElement;
  private readonly choices: HTMLElement;
  private readonly options: Options;
  private readonly question: Question;
  private readonly edge: EdgeSection;
  private readonly server: ServerSection;

  constructor(document: Document, strings: Strings, intents: Intents) {
    this.document = document;
    this.strings = strings;
    this.root = find(document, 'panel');
    this.root.setAttribute('lang', strings.lang);
    this.start = find(document, 'mask-subject');
    this.stop = find(document, 'cancel');
    this.choices = find(document, 'choices');
    this.start.textContent = strings.maskSubject;
    this.stop.textContent = strings.cancel;
    this.start.addEventListener('click', () => intents.maskSubject());
    this.stop.addEventListener('click', () => intents.cancel());
    strings.welcome.forEach((line, index) => {
      find(document, `welcome-${index + 1}`).textContent = line;
    });
    this.options = new Options(document, strings, intents);
    this.question = new Question(document, strings, intents);
    this.edge = new EdgeSection(document, strings, intents);
    new Disclosure(document, 'batch', strings.batch.title);
    this.server = new ServerSection(document, strings, intents);
  }

  /** Photoshop hands every panel a node; with one panel it is usually the body, which already holds our markup. */
  mount(node: HTMLElement): void {
    if (!node.contains(this.root)) node.appendChild(this.root);
  }

  draw(view: View): void {
    const { panel, settings } = view;
    const { message, hint, detail } = describeView(view, this.strings);
    this.root.setAttribute('data-state', panel.name);
    this.write('status', message);
    this.write('hint', hint);
    this.write('detail', detail);
    this.drawProgress(panel);
    show(find(this.document, 'welcome'), view.newcomer && panel.name === 'idle');
    this.drawRun(panel);
    this.options.draw(settings);
    this.edge.draw(view.edge);
    this.server.draw(view);
  }

  /** What would no longer change anything is out of the way during a run; so are the buttons that would start another. */
  private drawRun(panel: PanelState): void {
    const running = isRunning(panel);
    const asking = panel.name === 'asking';
    const lost = [this.start, this.stop, this.choices, find(this.document, 'question')].some(
      (element) => isShown(element) && hasFocus(element),
    );
    show(this.start, !running && !asking);
    show(this.stop, running);
    show(this.choices, !running && !asking);
    this.question.draw(asking);
    // The keyboard goes on where the user would look next, unless that is where it is.
    if (lost && !this.isFocusSeen()) (running ? this.stop : this.start).focus();
  }

  private isFocusSeen(): boolean {
    for (let at = this.document.activeElement; at; at = at.parentElement) {
      if (at === this.root) return true;
      if ((at as HTMLElement).style?.display === 'none') return false;
    }
    return false;
  }

  private drawProgress(panel: PanelState): void {
    const bar = find(this.document, 'progress');
    show(bar, panel.name === 'uploading');
    if (panel.name === 'uploading') bar.setAttribute('value', String(Math.round(panel.fraction * 100)));
  }

  private write(id: string, text: string): void {
    write(find(this.document, id), text);
  }
}
