import type { Ready } from '../protocol/schemas/status.ts';
import { readReady } from './api.ts';
import { find } from './elements.ts';
import { fill, type Language } from './language.ts';

/** Polling intervals in milliseconds: when all is well, and while waiting for something. */
const CALM = 5000;
const EAGER = 1000;

export type ServerState = Ready | 'unknown' | 'offline';

/** One status line for the server: model and provider, or the problem. Kept current by polling. */
export class ServerLine {
  #state: ServerState = 'unknown';
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #language: Language;
  readonly #onChange: (state: ServerState) => void;

  constructor(language: Language, onChange: (state: ServerState) => void) {
    this.#language = language;
    this.#onChange = onChange;
    language.follow(() => this.#draw());
    document.addEventListener('visibilitychange', () => void this.look());
    void this.look();
  }

  get state(): ServerState {
    return this.#state;
  }

  async look(): Promise<void> {
    clearTimeout(this.#timer);
    // The page is hidden.
    if (document.hidden) return;
    const state = await readReady().catch(() => 'offline' as const);
    const changed = JSON.stringify(state) !== JSON.stringify(this.#state);
    this.#state = state;
    if (changed) this.#draw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), state !== 'offline' && state.ready ? CALM : EAGER);
  }

  #draw(): void {
    const { words } = this.#language;
    const state = this.#state;
    find('server').dataset.state = typeof state === 'string' ? state : state.state;
    find('server-text').textContent = describeServer(state, words.server);
    this.#onChange(state);
  }
}

function describeServer(state: ServerState, words: Readonly<Record<string, string>>): string {
  if (typeof state === 'string') return words[state]!;
  const { label, model } = state;
  return fill(words[state.state]!, { model, provider: label ?? '' });
}
