import type { Strings } from '../../words/panel/strings.ts';
import type { BatchIntents, BatchView } from '../session/batch-state.ts';
import { SAVE_FORMATS, type SaveFormat } from '../settings/save-format.ts';
import { describeBatch, describeJob } from './batch-messages.ts';
import { find, hasFocus, isShown, show, write } from './elements.ts';

/** Buttons that are hidden while a batch runs, in favour of Stop. */
const BEGIN = ['batch-start', 'batch-resume', 'batch-retry'];

/** Draws the batch into the markup of `index.html` and passes clicks on. */
export class BatchPanel {
  private readonly document: Document;
  private readonly strings: Strings;
  private readonly intents: BatchIntents;
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
    this.radios('batch-save', batch.save, { none: batch.noCopies }, (value) => intents.setFormat(toFormat(value)));
    this.radios('batch-place', batch.place, batch.places, (value) =>
      value === 'folder' ? intents.chooseFolder() : intents.forgetFolder(),
    );
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
    this.show('batch-place', format !== null);
    this.check('batch-redo', redoMasked);
    this.select('batch-save', format ?? 'none');
    this.select('batch-place', folder === null ? 'beside' : 'folder');
    write(this.find('batch-status'), describeBatch(view, this.strings));
    this.drawList(view);
    // Who works with the keyboard stays where the button was.
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

  private radios(id: string, label: string, words: Record<string, string>, act: (value: string) => void): void {
    const group = this.find(id);
    group.setAttribute('aria-label', label);
    for (const radio of this.radiosOf(id)) {
      const word = words[radio.getAttribute('value') ?? ''];
      // Formats are called the same in every language.
      if (word !== undefined) radio.textContent = word;
    }
    const choose = ({ target }: Event) => {
      const value = (target as HTMLElement).getAttribute('value');
      if (value !== null) act(value);
    };
    group.addEventListener('change', choose);
    // Not every UXP control turns the space bar into a change.
    group.addEventListener('keydown', (event) => {
      if (event.key === ' ' || event.key === 'Enter') choose(event);
    });
  }

  /** The chosen one first: UXP clears the others itself, and a group that is empty for a moment may object. */
  private select(id: string, value: string): void {
    const radios = this.radiosOf(id);
    for (const on of [true, false]) {
      for (const radio of radios) if ((radio.getAttribute('value') === value) === on) setChecked(radio, on);
    }
  }

  private radiosOf(id: string): HTMLElement[] {
    return Array.from(this.find(id).querySelectorAll<HTMLElement>('sp-radio'));
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

function toFormat(value: string): SaveFormat | null {
  return SAVE_FORMATS.find((format) => format === value) ?? null;
}
