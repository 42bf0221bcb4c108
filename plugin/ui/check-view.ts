import { fill } from '../../words/fill.ts';
import type { ProbeKey } from '../../words/panel/keys.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { CheckIntents, CheckView } from '../session/check-session.ts';
import { find, prepareButton, setText, show, write } from './elements.ts';
import { describeInLine } from './messages.ts';

export interface CheckPanel {
  draw(view: CheckView): void;
}

/** The check of this Photoshop, below the server's address. */
export function createCheckPanel(document: Document, strings: Strings, intents: CheckIntents): CheckPanel {
  const { check } = strings;
  const start = prepareButton(document, 'check-start', check.start, intents.check);
  const save = prepareButton(document, 'check-save', check.save, intents.saveReport);
  return {
    draw(view) {
      const { step, complete, outcomes } = view;
      setText(start, step === null ? check.start : check.stop);
      write(find(document, 'check-status'), describeCheck(view, strings));
      const differences = step === null && complete ? describeDifferences(view, strings).join(' ') : '';
      write(find(document, 'check-list'), differences);
      show(save, step === null && outcomes.length > 0);
    },
  };
}

/** One line: how far it is, what came of it, or where the report is. Empty before the first check. */
export function describeCheck({ outcomes, step, complete, saved, error }: CheckView, strings: Strings): string {
  const { check } = strings;
  if (error !== null) return describeInLine(error, strings);
  if (step !== null) return fill(check.running, { done: String(step.done), total: String(step.total) });
  if (saved.length > 0) return fill(check.saved, { files: saved.join(', ') });
  if (!complete) return '';
  const expected = outcomes.filter((outcome) => outcome.expected).length;
  return fill(check.summary, { expected: String(expected), total: String(outcomes.length) });
}

/** What differs, in one sentence each. */
export function describeDifferences({ outcomes }: Pick<CheckView, 'outcomes'>, { check }: Strings): string[] {
  return outcomes
    .filter(({ expected }) => !expected)
    .map(({ id, end }) => {
      const [key, ...kind] = id.split(' ');
      return end === 'answered'
        ? fill(check.probes[key as ProbeKey], { kind: kind.join(' ') })
        : fill(check.ends[end], { probe: id });
    });
}
