import { find, followChoice, show } from './elements.ts';
import { fill, type Language } from './language.ts';
import { type Brush, type Dot, type Strokes, scaleOf } from './strokes.ts';

/** Radius at the slider's end, as a share of the picture's longer side; positions count squared. */
const MOST = 0.12;
const POSITIONS = 100;
/** Share of its radius that an arrow key moves the brush. */
const STEP = 0.5;
const COLORS = { keep: 'rgb(40 190 90 / 65%)', remove: 'rgb(230 50 60 / 65%)' } as const;

export interface BrushEvents {
  /** The brush was taken up or put down. */
  onSwitch: () => void;
  /** A stroke is complete, or one was taken back. */
  onChange: () => void;
}

interface Size {
  width: number;
  height: number;
}

/** Paints strokes over the picture, with mouse, pen, finger or keyboard. */
export class Brushes {
  readonly #canvas = find<HTMLCanvasElement>('strokes');
  readonly #ring = find('ring');
  readonly #size = find<HTMLInputElement>('brush-size');
  readonly #readBrush: () => Brush | 'off';
  readonly #language: Language;
  readonly #events: BrushEvents;
  #picture: Size = { width: 1, height: 1 };
  #strokes: Strokes | null = null;
  /** Strokes before this one are in the mask already. */
  #applied = 0;
  #at: Dot = { x: 0, y: 0 };
  #isPainting = false;

  constructor(language: Language, events: BrushEvents) {
    this.#language = language;
    this.#events = events;
    this.#readBrush = followChoice<Brush | 'off'>('brushes', () => this.#switch());
    this.#size.max = String(POSITIONS);
    this.#size.addEventListener('input', () => this.#drawSize());
    find('undo-stroke').addEventListener('click', () => this.#undo());
    this.#followPointer();
    document.addEventListener('keydown', (event) => this.#press(event));
    language.follow(() => this.#drawSize());
  }

  /** Whether strokes can be painted now. */
  get isActive(): boolean {
    return this.#readBrush() !== 'off';
  }

  /** @param applied how many of the strokes the shown mask has already */
  open(picture: Size, strokes: Strokes, applied: number): void {
    this.#picture = picture;
    this.#strokes = strokes;
    const scale = scaleOf(picture);
    this.#canvas.width = Math.ceil(picture.width * scale);
    this.#canvas.height = Math.ceil(picture.height * scale);
    this.#at = { x: picture.width / 2, y: picture.height / 2 };
    this.settle(applied);
    this.#drawSize();
  }

  /** The mask has these strokes now, so that they need not be shown. */
  settle(applied: number): void {
    this.#applied = applied;
    this.draw();
  }

  putDown(): void {
    if (!this.isActive) return;
    this.#choose('off');
  }

  draw(): void {
    const context = this.#canvas.getContext('2d')!;
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#strokes?.draw(context, scaleOf(this.#picture), COLORS, this.#applied);
    find<HTMLButtonElement>('undo-stroke').disabled = !this.#strokes?.count;
  }

  get #radius(): number {
    const share = (Number(this.#size.value) / POSITIONS) ** 2 * MOST;
    return Math.max(1, share * Math.max(this.#picture.width, this.#picture.height));
  }

  #choose(brush: Brush | 'off'): void {
    find('brushes').querySelector<HTMLInputElement>(`[value=${brush}]`)!.checked = true;
    this.#switch();
  }

  #switch(): void {
    document.body.dataset.brush = this.#readBrush();
    this.#canvas.tabIndex = this.isActive ? 0 : -1;
    this.#isPainting = false;
    show('ring', false);
    this.#events.onSwitch();
  }

  #undo(): void {
    if (!this.#strokes?.count) return;
    this.#strokes.undo();
    this.#applied = Math.min(this.#applied, this.#strokes.count);
    this.draw();
    this.#events.onChange();
  }

  #drawSize(): void {
    const pixels = String(Math.round(2 * this.#radius));
    const text = fill(this.#language.words.amounts.length, { value: pixels });
    find('brush-amount').textContent = text;
    this.#size.setAttribute('aria-valuetext', text);
    this.#size.style.setProperty('--from', '0');
    this.#size.style.setProperty('--to', String((Number(this.#size.value) - 1) / (POSITIONS - 1)));
    this.#drawRing();
  }

  /** Where the brush would paint, which is all that the keyboard has to aim with. */
  #drawRing(): void {
    const { width, height } = this.#picture;
    Object.assign(this.#ring.style, {
      left: `${(this.#at.x / width) * 100}%`,
      top: `${(this.#at.y / height) * 100}%`,
      width: `${((2 * this.#radius) / width) * 100}%`,
    });
  }

  #begin(): void {
    const brush = this.#readBrush();
    if (brush === 'off' || !this.#strokes) return;
    this.#strokes.begin(brush, this.#radius, this.#at);
    this.draw();
  }

  #followPointer(): void {
    const canvas = this.#canvas;
    const move = ({ clientX, clientY }: PointerEvent) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      this.#at = {
        x: ((clientX - left) / width) * this.#picture.width,
        y: ((clientY - top) / height) * this.#picture.height,
      };
      show('ring', true);
      this.#drawRing();
    };
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      // The picture below would be dragged.
      event.stopPropagation();
      move(event);
      this.#isPainting = true;
      this.#begin();
    });
    canvas.addEventListener('pointermove', (event) => {
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length > 0 ? passed : [event]) {
        move(each);
        if (this.#isPainting) this.#strokes?.extend(this.#at);
      }
      if (this.#isPainting) this.draw();
    });
    for (const end of ['pointerup', 'pointercancel']) {
      canvas.addEventListener(end, () => {
        if (!this.#isPainting) return;
        this.#isPainting = false;
        this.#events.onChange();
      });
    }
    canvas.addEventListener('pointerleave', () => show('ring', this.#isPainting));
    canvas.addEventListener('focus', () => {
      show('ring', true);
      this.#drawRing();
    });
    canvas.addEventListener('blur', () => show('ring', false));
  }

  /** While a brush is taken up its keys count everywhere on the page; those that move it, on the picture. */
  #press(event: KeyboardEvent): void {
    if (!this.isActive || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== 'z' || event.shiftKey) return;
      event.preventDefault();
      this.#undo();
      return;
    }
    const act = this.#actionOf(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #actionOf({ key, target, repeat }: KeyboardEvent): (() => void) | null {
    const size = (change: number) => () => {
      this.#size.value = String(Number(this.#size.value) + change);
      this.#drawSize();
    };
    if (key === 'x' || key === 'X') return () => this.#choose(this.#readBrush() === 'keep' ? 'remove' : 'keep');
    if (key === '[') return size(-4);
    if (key === ']') return size(4);
    if (key === 'Escape') return () => this.putDown();
    if (target !== this.#canvas) return null;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    if (way) return () => this.#step(way[0]!, way[1]!);
    if (key !== 'Enter' || repeat) return null;
    return () => {
      this.#begin();
      this.#events.onChange();
    };
  }

  #step(across: number, down: number): void {
    const { width, height } = this.#picture;
    const far = STEP * this.#radius;
    const inside = (at: number, most: number) => Math.min(most, Math.max(0, at));
    this.#at = { x: inside(this.#at.x + across * far, width), y: inside(this.#at.y + down * far, height) };
    show('ring', true);
    this.#drawRing();
    this.#ring.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
  }
}
