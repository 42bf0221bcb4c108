import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import type { Answer } from '../session/state.ts';
import { find, prepareButton, show } from './elements.ts';

const ANSWERS: readonly Answer[] = ['replace', 'intersect', 'add', 'subtract', 'refine'];

/** What should become of a mask that is there already. The sentence itself is the panel's status. */
export function createQuestion(document: Document, strings: Strings, intents: Pick<Intents, 'answer' | 'cancel'>) {
  const bar = find(document, 'question');
  const remember = find(document, 'remember') as HTMLInputElement;
  let isAsked = false;
  remember.textContent = strings.question.remember;
  prepareButton(document, 'keep-mask', strings.question.keep, intents.cancel);
  const [first] = ANSWERS.map((answer) =>
    prepareButton(document, `answer-${answer}`, strings.answers[answer], () => {
      intents.answer(answer, remember.checked);
    }),
  );
  return {
    /** @param refines whether the mask may also get a new edge */
    draw(asked: boolean, refines: boolean): void {
      show(bar, asked);
      show(find(document, 'answer-refine'), refines);
      if (asked === isAsked) return;
      isAsked = asked;
      if (!asked) return;
      remember.checked = false;
      first!.focus();
    },
  };
}
