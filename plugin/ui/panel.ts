import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import { isRunning, type PanelState, type View } from '../session/state.ts';
import { createDisclosure } from './disclosure.ts';
import { createEdgeSection } from './edge-section.ts';
import { find, hasFocus, isShown, prepareButton, show, write } from './elements.ts';
import { describeView } from './messages.ts';
import { createOptions } from './options.ts';
import { createQuestion } from './question.ts';
import { createServerSection } from './server-section.ts';

export interface Panel {
  /** Photoshop hands every panel a node; with one panel it is usually the body, which already holds our markup. */
  mount(node: HTMLElement): void;
  draw(view: View): void;
}

/** Draws views into the markup of `index.html` and passes on what the user does. Knows nothing else. */
export function createPanel(document: Document, strings: Strings, intents: Intents): Panel {
  const get = (id: string) => find(document, id);
  const root = get('panel');
  const start = prepareButton(document, 'mask-subject', strings.maskSubject, intents.maskSubject);
  const stop = prepareButton(document, 'cancel', strings.cancel, intents.cancel);
  const choices = get('choices');
  root.setAttribute('lang', strings.lang);
  strings.welcome.forEach((line, index) => {
    get(`welcome-${index + 1}`).textContent = line;
  });
  const options = createOptions(document, strings, intents);
  const question = createQuestion(document, strings, intents);
  const edge = createEdgeSection(document, strings, intents);
  createDisclosure(document, 'batch', strings.batch.title);
  const serverSection = createServerSection(document, strings, intents);

  /** What would no longer change anything is out of the way during a run; so are the buttons that would start another. */
  function drawRun(panel: PanelState): void {
    const running = isRunning(panel);
    const asking = panel.name === 'asking';
    const lost = [start, stop, choices, get('question')].some((element) => isShown(element) && hasFocus(element));
    show(start, !running && !asking);
    show(stop, running);
    show(choices, !running && !asking);
    question.draw(asking, panel.name === 'asking' && panel.refines);
    // The keyboard goes on where the user would look next, unless that is where it is.
    if (lost && !isFocusSeen()) (running ? stop : start).focus();
  }

  function isFocusSeen(): boolean {
    for (let at = document.activeElement; at; at = at.parentElement) {
      if (at === root) return true;
      if ((at as HTMLElement).style?.display === 'none') return false;
    }
    return false;
  }

  function drawProgress(panel: PanelState): void {
    const bar = get('progress');
    show(bar, panel.name === 'uploading');
    if (panel.name === 'uploading') bar.setAttribute('value', String(Math.round(panel.fraction * 100)));
  }

  return {
    mount(node) {
      if (!node.contains(root)) node.appendChild(root);
    },

    draw(view) {
      const { panel, settings, newcomer } = view;
      const { message, hint, detail } = describeView(view, strings);
      root.setAttribute('data-state', panel.name);
      write(get('status'), message);
      write(get('hint'), hint);
      write(get('detail'), detail);
      drawProgress(panel);
      show(get('welcome'), newcomer && panel.name === 'idle');
      drawRun(panel);
      options.draw(settings);
      edge.draw(view.edge);
      serverSection.draw(view);
    },
  };
}
