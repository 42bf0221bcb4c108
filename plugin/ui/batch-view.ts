import type { Strings } from '../../words/panel/strings.ts';
import type { BatchIntents, BatchView } from '../session/batch-state.ts';
import { SAVE_FORMATS } from '../settings/save-format.ts';
import { describeBatch, describeJob } from './batch-messages.ts';
import { find, hasFocus, isShown, onToggle, prepareButton, setChecked, setText, show, write } from './elements.ts';
import { createRadioGroup } from './radio-group.ts';

export interface BatchPanel {
  draw(view: BatchView): void;
}

/** Draws the batch into the markup of `index.html` and passes clicks on. */
export function createBatchPanel(document: Document, strings: Strings, intents: BatchIntents): BatchPanel {
  const { batch } = strings;
  const start = prepareButton(document, 'batch-start', batch.start, intents.start);
  const stop = prepareButton(document, 'batch-stop', batch.stop, intents.stop);
  const resume = prepareButton(document, 'batch-resume', batch.resume, intents.resume);
  const retry = prepareButton(document, 'batch-retry', batch.retry, intents.retry);
  const choose = prepareButton(document, 'batch-choose', batch.choose, intents.toggleChoice);
  const redo = find(document, 'batch-redo');
  redo.textContent = batch.redo;
  onToggle(redo, intents.setRedoMasked);
  const words = { label: batch.save, items: { none: batch.noCopies } };
  const save = createRadioGroup(document, 'batch-save', ['none', ...SAVE_FORMATS], words, (choice) =>
    intents.setFormat(choice === 'none' ? null : choice),
  );
  const chooseFolder = prepareButton(document, 'batch-folder', batch.chooseFolder, intents.chooseFolder);
  const beside = prepareButton(document, 'batch-beside', batch.beside, intents.forgetFolder);
  /** What the list shows, by document: an element that is kept keeps the focus. */
  let rows = new Map<string, HTMLElement>();

  function drawList({ jobs, choice }: BatchView): void {
    const list = find(document, 'batch-list');
    const wanted = new Map<string, HTMLElement>();
    const boxes = (choice ?? []).map((one) => {
      const key = `choice ${one.id}`;
      const row = rows.get(key) ?? createChoice(one.id);
      setText(row, one.name);
      wanted.set(key, row);
      return { row, chosen: one.chosen };
    });
    for (const job of choice === null ? jobs : []) {
      const key = `job ${job.id}`;
      const row = rows.get(key) ?? createJob();
      const [name, state] = Array.from(row.children);
      row.setAttribute('data-state', job.state.name);
      setText(name!, job.name);
      setText(state!, describeJob(job.state, strings));
      wanted.set(key, row);
    }
    for (const [key, row] of rows) if (wanted.get(key) !== row) list.removeChild(row);
    for (const [index, row] of [...wanted.values()].entries()) {
      const at = list.children[index] ?? null;
      if (at !== row) list.insertBefore(row, at);
    }
    // Some versions forget what is set before a box is in the page.
    for (const { row, chosen } of boxes) setChecked(row, chosen);
    rows = wanted;
  }

  function createChoice(documentId: number): HTMLElement {
    const box = document.createElement('sp-checkbox');
    onToggle(box, (checked) => intents.choose(documentId, checked));
    return box;
  }

  function createJob(): HTMLElement {
    const row = document.createElement('div');
    row.className = 'job';
    for (const name of ['job-name', 'job-state']) {
      const part = document.createElement('div');
      part.className = name;
      row.appendChild(part);
    }
    return row;
  }

  return {
    draw(view) {
      const { jobs, running, choice, redoMasked, format, folder } = view;
      // Hidden while a batch runs, in favor of Stop.
      const lost = running ? [start, resume, retry].some(hasFocus) : hasFocus(stop);
      const has = (name: string) => !running && jobs.some(({ state }) => state.name === name);
      setText(start, choice === null ? batch.start : batch.startChosen);
      setText(choose, choice === null ? batch.choose : batch.chooseAll);
      show(start, !running);
      show(choose, !running);
      show(find(document, 'batch-options'), !running);
      show(stop, running);
      show(resume, choice === null && has('waiting'));
      show(retry, choice === null && has('failed'));
      show(chooseFolder, format !== null);
      show(beside, format !== null && folder !== null);
      setChecked(redo, redoMasked);
      save.show(format ?? 'none');
      write(find(document, 'batch-status'), describeBatch(view, strings));
      drawList(view);
      // The keyboard focus stays where the button was.
      const next = isShown(find(document, 'batch-body')) ? start : find(document, 'batch-toggle');
      if (lost) (running ? stop : next).focus();
    },
  };
}
