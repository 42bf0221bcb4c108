import { fill } from '../../words/fill.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { CheckIntents, CheckView } from '../session/check-session.ts';
import { find, show, write } from './elements.ts';
import { describeError } from './messages.ts';

/** The check of this Photoshop, below the server's address. */
export class CheckPanel {
  private readonly strings: Strings;
  private readonly start: HTMLElement;
  private readonly status: HTMLElement;
  private readonly list: HTMLElement;
  private readonly save: HTMLElement;

  constructor(document: Document, strings: Strings, intents: CheckIntents) {
    this.strings = strings;
    this.start = find(document, 'check-start');
    this.status = find(document, 'check-status');
    this.list = find(document, 'check-list');
    this.save = find(document, 'check-save');
    this.save.textContent = strings.check.save;
    this.start.addEventListener('click', () => intents.check());
    this.save.addEventListener('click', () => intents.saveReport());
  }

  draw(view: CheckView): void {
    const { check } = this.strings;
    const { step } = view;
    const word = step === null ? check.start : check.stop;
    if (this.start.textContent !== word) this.start.textContent = word;
    write(this.status, describeCheck(view, this.strings));
    write(this.list, step === null && view.complete ? describeDifferences(view, this.strings).join(' ') : '');
    show(this.save, step === null && view.outcomes.length > 0);
  }
}

/** One line: how far it is, what came of it, or where the report is. Empty before the first check. */
export function describeCheck({ outcomes, step, complete, saved, error }: CheckView, strings: Strings): string {
  const { check } = strings;
  if (error !== null) {
    const { message, hint } = describeError(error, strings);
    return `${message} ${hint}`;
  }
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
    .map(({ id, end }) => (end === 'answered' ? check.probes[id] : fill(check.ends[end], { probe: id })));
}
