import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import type { Answer } from '../session/state.ts';
import { find, show } from './elements.ts';

const ANSWERS: readonly Answer[] = ['replace', 'intersect', 'add', 'subtract'];

/** What should become of a mask that is there already. The sentence itself is the panel's status. */
export class Question {
  private readonly bar: HTMLElement;
  private readonly remember: HTMLInputElement;
  private readonly first: HTMLElement;
  private asked = false;

  constructor(document: Document, strings: Strings, intents: Pick<Intents, 'answer' | 'cancel'>) {
    this.bar = find(document, 'question');
    this.remember = find(document, 'remember') as HTMLInputElement;
    this.remember.textContent = strings.question.remember;
    const keep = find(document, 'keep-mask');
    keep.textContent = strings.question.keep;
    keep.addEventListener('click', () => intents.cancel());
    this.first = find(document, `answer-${ANSWERS[0]}`);
    for (const answer of ANSWERS) {
      const button = find(document, `answer-${answer}`);
      button.textContent = strings.answers[answer];
      button.addEventListener('click', () => intents.answer(answer, this.remember.checked));
    }
  }

  draw(asked: boolean): void {
    show(this.bar, asked);
    if (asked === this.asked) return;
    this.asked = asked;
    if (!asked) return;
    this.remember.checked = false;
    this.first.focus();
  }
}
