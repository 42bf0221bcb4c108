import type { Options } from './api.ts';
import { Session, type View } from './matte-session.ts';
import { Strokes } from './strokes.ts';

/** One of the pictures that were brought in. */
export interface Item {
  readonly file: File;
  readonly session: Session;
  /** What was painted over the mask, how much of it is in the shown matte, and a mask from a file to start from. */
  readonly strokes: Strokes;
  applied: number;
  mask: Blob | null;
  /** Positions of the edge sliders, kept while another picture is shown; null: neutral. */
  edge: readonly string[] | null;
}

export interface GalleryEvents {
  /** For a picture whose turn has come. */
  options: () => Options;
  /** Another picture is shown, or none. */
  onSwitch: (from: Item | null) => void;
  /** The shown picture has another view. */
  onView: (view: View) => void;
  /** Anything changed. */
  onChange: () => void;
}

/** The pictures, masked one after the other, of which one is shown. */
export class Gallery {
  readonly #events: GalleryEvents;
  /** Stands in while there are no pictures. */
  readonly #nothing = new Session(() => undefined);
  #items: readonly Item[] = [];
  #current: Item | null = null;

  constructor(events: GalleryEvents) {
    this.#events = events;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  get current(): Item | null {
    return this.#current;
  }

  /** Of the shown picture. */
  get session(): Session {
    return this.#current?.session ?? this.#nothing;
  }

  /** Adds pictures, and shows the first of them. */
  add(files: readonly File[]): void {
    const added = files.map((file): Item => {
      const session = new Session((view) => this.#heed(item, view));
      const item: Item = { file, edge: null, strokes: new Strokes(), applied: 0, mask: null, session };
      return item;
    });
    if (added.length === 0) return;
    this.#items = [...this.#items, ...added];
    for (const { session, file } of added) session.hold(file);
    this.select(added[0]!);
    this.#goOn();
  }

  select(item: Item | null): void {
    if (item === this.#current) return;
    const from = this.#current;
    this.#current = item;
    this.#events.onSwitch(from);
    this.#events.onChange();
  }

  /** @param steps 1 for the next picture, -1 for the previous one */
  move(steps: number): void {
    if (!this.#current) return;
    const at = this.#items.indexOf(this.#current) + steps;
    const item = this.#items[Math.max(0, Math.min(this.#items.length - 1, at))];
    if (item) this.select(item);
  }

  /** Takes the shown picture out; its neighbor is shown. */
  remove(): void {
    const item = this.#current;
    if (!item) return;
    const at = this.#items.indexOf(item);
    this.#items = this.#items.filter((other) => other !== item);
    this.select(this.#items[Math.min(at, this.#items.length - 1)] ?? null);
    item.session.clear();
    this.#goOn();
  }

  clear(): void {
    const items = this.#items;
    this.#items = [];
    this.select(null);
    for (const { session } of items) session.clear();
  }

  #heed(item: Item, view: View): void {
    if (!this.#items.includes(item)) return;
    if (item === this.#current) this.#events.onView(view);
    this.#events.onChange();
    if (view.name === 'result' || view.name === 'failed') this.#goOn();
  }

  /** The server would take them all at once, and keep their pixels. */
  #goOn(): void {
    if (this.#items.some(({ session }) => isBusy(session.view))) return;
    const next = this.#items.find(({ session }) => isWaiting(session.view));
    if (next) void next.session.start(next.file, this.#events.options());
  }
}

export function isWaiting(view: View): boolean {
  return view.name === 'working' && view.stage.name === 'waiting';
}

function isBusy(view: View): boolean {
  return view.name === 'working' && !isWaiting(view);
}
