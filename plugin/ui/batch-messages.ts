import { fill } from '../../words/fill.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { JobState } from '../commands/batch.ts';
import type { BatchView } from '../session/batch-state.ts';
import { describeError, describeInLine, describePanel, describeProvider } from './messages.ts';

/** One line for a document: how far it is, what made its mask, or why it has none. */
export function describeJob(state: JobState, strings: Strings): string {
  const { jobs } = strings.batch;
  switch (state.name) {
    case 'waiting':
      return state.masked === null ? jobs.waiting : jobs.saveWaiting;
    case 'running': {
      const { progress } = state;
      if (progress.name === 'saving') return jobs.saving;
      const { message, hint } = describePanel(progress, strings);
      // Only the share that is sent is news; the rest of the hints stands in the panel.
      return progress.name === 'uploading' ? `${message} ${hint}` : message;
    }
    case 'done': {
      const { model, provider, seconds } = state.masked;
      const values = { model, provider: describeProvider(provider, strings), seconds: seconds.toFixed(1) };
      return fill(jobs.done, values) + (state.savedAs === null ? '' : fill(jobs.saved, { file: state.savedAs }));
    }
    case 'skipped':
      return fill(jobs.skipped, { reason: describeError(state.error, strings).message });
    case 'failed': {
      const { message, hint, detail } = describeError(state.error, strings);
      const reason = [message, hint, detail].filter((text) => text !== '').join(' ');
      return fill(state.masked === null ? jobs.failed : jobs.notSaved, { reason });
    }
  }
}

/** The whole batch in one line; empty as long as there is nothing to say. */
export function describeBatch({ jobs, running, choice, folder, format, error }: BatchView, strings: Strings): string {
  const { batch } = strings;
  if (error !== null) return describeInLine(error, strings);
  const where = format !== null && folder !== null ? fill(batch.folder, { folder }) : '';
  if (choice !== null) return where;
  if (jobs.length === 0) return where;
  const count = (name: string) => String(jobs.filter(({ state }) => state.name === name).length);
  const values = {
    done: count('done'),
    total: String(jobs.length),
    skipped: count('skipped'),
    failed: count('failed'),
    left: count('waiting'),
  };
  const stopped = !running && values.left !== '0';
  const text = fill(running ? batch.running : stopped ? batch.stopped : batch.ended, values);
  return where === '' ? text : `${text} ${where}`;
}
