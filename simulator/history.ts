import { HostError } from './errors.ts';

export interface HistoryEntry<State> {
  readonly id: number;
  readonly name: string;
  readonly state: State;
}

interface Suspension<State> {
  readonly id: number;
  readonly before: State;
  name: string;
  changed: boolean;
}

/** One document's history panel. Photoshop keeps 50 states by default. */
export class History<State> {
  readonly limit = 50;
  entries: HistoryEntry<State>[] = [];
  position = 0;
  #suspension: Suspension<State> | null = null;
  #nextId = 1;
  readonly #capture: () => State;
  readonly #restore: (state: State) => void;

  constructor(capture: () => State, restore: (state: State) => void) {
    this.#capture = capture;
    this.#restore = restore;
  }

  /** Called after every change; a suspended history only remembers that something changed. */
  record(name: string): void {
    if (this.#suspension) this.#suspension.changed = true;
    else this.#push(name);
  }

  get suspendedBy(): number | null {
    return this.#suspension?.id ?? null;
  }

  suspend(id: number, name: string): void {
    if (this.#suspension) throw new HostError('The history of this document is already suspended.');
    this.#suspension = { id, name, before: this.#capture(), changed: false };
  }

  /** One state for everything since suspend, none if nothing changed; without `commit` the document is as it was. */
  resume(id: number, commit: boolean, finalName?: string): void {
    const suspension = this.#suspension;
    if (suspension?.id !== id) throw new HostError(`No history suspension ${id} is in force.`);
    this.#suspension = null;
    if (!commit) this.#restore(suspension.before);
    else if (suspension.changed) this.#push(finalName ?? suspension.name);
  }

  step(by: -1 | 1): boolean {
    return this.goTo(this.position + by);
  }

  goTo(position: number): boolean {
    const target = this.entries[position];
    if (!target) return false;
    this.position = position;
    this.#restore(target.state);
    return true;
  }

  #push(name: string): void {
    this.entries = this.entries.slice(0, this.position + 1);
    this.entries.push({ id: this.#nextId++, name, state: this.#capture() });
    if (this.entries.length > this.limit) this.entries.shift();
    this.position = this.entries.length - 1;
  }
}
