import type { Strings } from '../../words/panel/strings.ts';
import type { BatchIntents, BatchView } from '../session/batch-state.ts';
import { SAVE_FORMATS, type SaveFormat } from '../settings/save-format.ts';
import { describeBatch, describeJob } from './batch-messages.ts';
import { find, hasFocus, isShown, show, write } from './elements.ts';
import { RadioGroup } from './radio-group.ts';

/** Buttons that are hidden while a batch runs, in favor of Stop. */
const BEGIN = ['batch-start', 'batch-resume', 'batch-retry'];

/** Draws the batch into the markup of `index.html` and passes clicks on. */
export class BatchPanel {
  private readonly document: Document;
  private readonly strings: Strings;
  private readonly intents: BatchIntents;
  private readonly save: RadioGroup<SaveFormat | 'none'>;
  /** What the list shows, by document: an element that is kept keeps the focus. */
  private rows = new Map<string, HTMLElement>();

  constructor(document: Document, strings: Strings, intents: BatchIntents) {
    this.document = document;
    this.strings = strings;
    this.intents = intents;
    const { batch } = strings;
    this.button('batch-start', batch.start, intents.start);
    this.button('batch-stop', batch.stop, intents.stop);
    this.button('batch-resume', batch.resume, intents.resume);
    this.button('batch-retry', batch.retry, intents.retry);
    this.button('batch-choose', batch.choose, intents.toggleChoice);
    this.find('batch-redo').textContent = batch.redo;
    this.onToggle('batch-redo', (checked) => intents.setRedoMasked(checked));
    const words = { label: batch.save, items: { none: batch.noCopies } };
    this.save = new RadioGroup(document, 'batch-save', ['none', ...SAVE_FORMATS], words, (choice) =>
      intents.setFormat(choice === 'none' ? null : choice),
    );
    this.button('batch-folder', batch.chooseFolder, intents.chooseFolder);
    this.button('batch-beside', batch.beside, intents.forgetFolder);
  }

  draw(view: BatchView): void {
    const { jobs, running, choice, redoMasked, format, folder } = view;
    const { batch } = this.strings;
    const [begin, stop] = [BEGIN.map((id) => this.find(id)), this.find('batch-stop')];
    const lost = running ? begin.some(hasFocus) : hasFocus(stop);
    const has = (name: string) => !running && jobs.some(({ state }) => state.name === name);
    setText(this.find('batch-start'), choice === null ? batch.start : batch.startChosen);
    setText(this.find('batch-choose'), choice === null ? batch.choose : batch.chooseAll);
    this.show('batch-start', !running);
    this.show('batch-choose', !running);
    this.show('batch-options', !running);
    this.show('batch-stop', running);
    this.show('batch-resume', choice === null && has('waiting'));
    this.show('batch-retry', choice === null && has('failed'));
    this.show('batch-folder', format !== null);
    this.show('batch-beside', format !== null && folder !== null);
    this.check('batch-redo', redoMasked);
    this.save.show(format ?? 'none');
    write(this.find('batch-status'), describeBatch(view, this.strings));
    this.drawList(view);
    // The keyboard focus stays where the button was.
    if (lost) (running ? stop : this.find(isShown(this.find('batch-body')) ? 'batch-start' : 'batch-toggle')).focus();
  }

  private drawList({ jobs, choice }: BatchView): void {
    const list = this.find('batch-list');
    const wanted = new Map<string, HTMLElement>();
    for (const one of choice ?? []) {
      const key = `choice ${one.id}`;
      const row = this.rows.get(key) ?? this.createChoice(one.id);
      setText(row, one.name);
      setChecked(row, one.chosen);
      wanted.set(key, row);
    }
    for (const job of choice === null ? jobs : []) {
      const key = `job ${job.id}`;
      const row = this.rows.get(key) ?? this.createJob();
      const [name, state] = Array.from(row.children);
      row.setAttribute('data-state', job.state.name);
      setText(name!, job.name);
      setText(state!, describeJob(job.state, this.strings));
      wanted.set(key, row);
    }
    for (const [key, row] of this.rows) if (wanted.get(key) !== row) list.removeChild(row);
    for (const [index, row] of [...wanted.values()].entries()) {
      const at = list.children[index] ?? null;
      if (at !== row) list.insertBefore(row, at);
    }
    this.rows = wanted;
  }

  private createChoice(documentId: number): HTMLElement {
    const box = this.document.createElement('sp-checkbox');
    this.listen(box, (checked) => this.intents.choose(documentId, checked));
    return box;
  }

  private createJob(): HTMLElement {
    const row = this.document.createElement('div');
    row.className = 'job';
    for (const name of ['job-name', 'job-state']) {
      const part = this.document.createElement('div');
      part.className = name;
      row.appendChild(part);
    }
    return row;
  }

  private button(id: string, text: string, act: () => void): void {
    const button = this.find(id);
    button.textContent = text;
    button.addEventListener('click', act);
  }

  private onToggle(id: string, act: (checked: boolean) => void): void {
    this.listen(this.find(id), act);
  }

  private listen(box: HTMLElement, act: (checked: boolean) => void): void {
    box.addEventListener('change', () => act((box as HTMLInputElement).checked === true));
  }

  private check(id: string, checked: boolean): void {
    setChecked(this.find(id), checked);
  }

  private show(id: string, shown: boolean): void {
    show(this.find(id), shown);
  }

  private find(id: string): HTMLElement {
    return find(this.document, id);
  }
}

function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function setChecked(control: HTMLElement, checked: boolean): void {
  const input = control as HTMLInputElement;
  if (input.checked !== checked) input.checked = checked;
}
