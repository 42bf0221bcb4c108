import type { ControlState } from '../protocol/schemas/control.ts';
import type { ModelInfo } from '../protocol/schemas/status.ts';
import { changeControl, openControl, readControl, ServerError } from './api.ts';
import { find, show } from './elements.ts';
import { fill, type Language } from './language.ts';

const KEPT = 'hairline-control';
const INTERVAL = 5000;

/**
 * The controls of Hairline on this computer: how to get the panel, autostart, stop, models. Only in a page that
 * `hairline open` has opened, whose address brings a ticket.
 */
export class Control {
  readonly #language: Language;
  readonly #onFailure: (error: unknown) => void;
  #token = recall();
  #state: ControlState | null = null;
  #models: ModelInfo[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(language: Language, onFailure: (error: unknown) => void) {
    this.#language = language;
    this.#onFailure = onFailure;
    this.#onClick('install-panel', 'POST', 'panel');
    this.#onClick('open-log', 'POST', 'log');
    this.#onClick('stop-server', 'POST', 'stop');
    this.#onClick('install-update', 'POST', 'update');
    this.#onSwitch('autostart', 'autostart');
    this.#onSwitch('watch', 'updates');
    language.follow(() => this.#draw());
    document.addEventListener('visibilitychange', () => void this.#look());
    void this.#open();
  }

  async #open(): Promise<void> {
    const ticket = /^#ticket=([\w-]+)$/.exec(location.hash)?.[1];
    try {
      if (ticket) {
        // A ticket works once: reloading the page must not try it again.
        history.replaceState(null, '', location.pathname);
        this.#token = await openControl(ticket);
        remember(this.#token);
      }
    } catch (error) {
      this.#onFailure(error);
    }
    await this.#look();
    // What is to do next, until the panel has called.
    const { panelFile = false, panelSeen = null } = this.#state ?? {};
    find<HTMLDetailsElement>('control-details').open = panelFile && panelSeen === null;
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#token || document.hidden) return;
    try {
      const { state, models } = await readControl(this.#token);
      this.#state = state;
      this.#models = models;
    } catch (error) {
      // The server has been started anew and no longer knows the token. The status line tells of one that is not there.
      if (error instanceof ServerError && error.code === 'UNAUTHORIZED') {
        this.#token = null;
        this.#state = null;
        remember('');
      }
    }
    this.#draw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), INTERVAL);
  }

  #onClick(id: string, method: 'POST' | 'DELETE', path: string): void {
    find(id).addEventListener('click', () => void this.#change(method, path));
  }

  #onSwitch(id: string, path: string): void {
    const box = find<HTMLInputElement>(id);
    box.addEventListener('change', () => void this.#change(box.checked ? 'POST' : 'DELETE', path));
  }

  async #change(method: 'POST' | 'DELETE', path: string): Promise<void> {
    if (!this.#token) return;
    await changeControl(method, path, this.#token).catch(this.#onFailure);
    await this.#look();
  }

  #draw(): void {
    const state = this.#state;
    show('control', state !== null);
    if (!state) return;
    const { control } = this.#language.words;
    show('install-panel', state.panelFile);
    find('panel-light').dataset.state = state.panelSeen ? 'ready' : 'waiting';
    find('panel-text').textContent = state.panelSeen ? control.panelCalled : control.panelSilent;
    find<HTMLInputElement>('autostart').checked = state.autostart;
    this.#drawUpdate(state.update);
    // Drawn only on change: a button that is focused must not be replaced.
    const rows = this.#models.map((model) => this.#row(model, state.removable.includes(model.id)));
    const text = JSON.stringify(rows.map(({ id, label, method }) => [id, label, method]));
    const list = find('models');
    if (list.dataset.drawn === text) return;
    list.dataset.drawn = text;
    list.replaceChildren(...rows.map((row) => this.#drawRow(row)));
  }

  #drawUpdate(update: ControlState['update']): void {
    const { control } = this.#language.words;
    show('watch-row', update !== null);
    find<HTMLInputElement>('watch').checked = update?.watch ?? false;
    show('update', Boolean(update?.available));
    if (!update?.available) return;
    const { available: version, installing, failure } = update;
    const sentence = installing ? control.updating : failure ? control.updateFailed : control.available;
    find('update-text').textContent = fill(sentence, { version, reason: failure ?? '' });
    show('install-update', !installing);
  }

  #row({ id, name, state, bytes, downloadBytes }: ModelInfo, removable: boolean): Row {
    const { control } = this.#language.words;
    const size = (count: number) => `${Math.max(1, Math.round(count / 1e6))} MB`;
    if (state === 'downloading') return { id, name, label: control.downloading };
    if (removable) return { id, name, label: fill(control.remove, { size: size(bytes) }), method: 'DELETE' };
    if (state === 'missing')
      return { id, name, label: fill(control.fetch, { size: size(downloadBytes) }), method: 'POST' };
    return { id, name, label: control.included };
  }

  #drawRow({ id, name, label, method }: Row): HTMLElement {
    const item = document.createElement('li');
    const words = document.createElement('span');
    words.textContent = name;
    const end = document.createElement(method ? 'button' : 'span');
    end.textContent = label;
    if (end instanceof HTMLButtonElement) {
      end.type = 'button';
      end.setAttribute('aria-label', `${name}: ${label}`);
      end.addEventListener('click', () => void this.#change(method!, `models/${id}`));
    } else end.className = 'faint';
    item.append(words, end);
    return item;
  }
}

/** A model, and what can be done with it. */
interface Row {
  id: string;
  name: string;
  label: string;
  method?: 'POST' | 'DELETE';
}

/** Some private windows refuse storage: there a reloaded page has no controls. */
function recall(): string | null {
  try {
    return sessionStorage.getItem(KEPT) || null;
  } catch {
    return null;
  }
}

function remember(token: string): void {
  try {
    sessionStorage.setItem(KEPT, token);
  } catch {
    // See above.
  }
}
