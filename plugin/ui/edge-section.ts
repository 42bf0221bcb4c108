import { type EdgeControls, NEUTRAL_EDGE } from '../../protocol/edge.ts';
import { EDGE_SCALES } from '../../words/edge-scales.ts';
import { fill } from '../../words/fill.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import { BACKDROPS, type Backdrop, type EdgeView, type Preview } from '../session/state.ts';
import { Disclosure } from './disclosure.ts';
import { Dropdown } from './dropdown.ts';
import { find, hasFocus, show, write } from './elements.ts';
import { describeError } from './messages.ts';

type EdgeIntents = Pick<Intents, 'lookAtEdge' | 'changeEdge' | 'showOn' | 'keepEdge' | 'applyEdge'>;

const NAMES = Object.keys(NEUTRAL_EDGE) as (keyof EdgeControls)[];

/** A picture that is taller than wide would push the sliders out of a docked panel. */
const TALLEST = 240;

/** Before the panel is laid out nothing has a width: that of the narrowest panel, without its margins. */
const NARROWEST = 206;

/** Sliders for the edge of the last matte, and how it looks with them. */
export class EdgeSection {
  private readonly document: Document;
  private readonly strings: Strings;
  private readonly section: HTMLElement;
  private readonly figure: HTMLElement;
  private readonly image: HTMLImageElement;
  private readonly news: HTMLElement;
  private readonly apply: HTMLElement;
  private readonly kept: HTMLInputElement;
  private readonly backdrop: Dropdown<Backdrop>;
  private controls: EdgeControls = NEUTRAL_EDGE;
  private aspect = 1;

  constructor(document: Document, strings: Strings, intents: EdgeIntents) {
    const { edge, labels, backdrops } = strings;
    this.document = document;
    this.strings = strings;
    this.section = find(document, 'edge');
    this.figure = find(document, 'preview');
    this.image = find(document, 'preview-image') as HTMLImageElement;
    this.news = find(document, 'preview-news');
    this.apply = find(document, 'apply-edge');
    this.kept = find(document, 'keep-edge') as HTMLInputElement;
    this.backdrop = new Dropdown(document, 'backdrop', BACKDROPS, { label: labels.backdrop, items: backdrops }, (on) =>
      intents.showOn(on),
    );
    new Disclosure(document, 'edge', edge.title, (open) => intents.lookAtEdge(open ? this.width() : null));
    for (const name of NAMES) this.prepareSlider(name, intents);
    const reset = find(document, 'reset-edge');
    reset.textContent = edge.reset;
    reset.addEventListener('click', () => intents.changeEdge(NEUTRAL_EDGE));
    this.apply.textContent = edge.apply;
    this.apply.addEventListener('click', () => intents.applyEdge());
    this.kept.textContent = edge.keep;
    this.kept.addEventListener('change', () => intents.keepEdge(this.kept.checked));
    // Where a host does not tell, the next drawing fits.
    window.addEventListener?.('resize', () => this.fit());
  }

  draw({ controls, backdrop, kept, preview }: EdgeView): void {
    const neutral = NAMES.every((name) => controls[name] === NEUTRAL_EDGE[name]);
    // Without a matte it is there only to show, and to take back, what would be done to the next one.
    show(this.section, preview !== null || (kept && !neutral));
    this.controls = controls;
    for (const name of NAMES) this.drawSlider(name, controls[name]);
    this.backdrop.show(backdrop);
    if (this.kept.checked !== kept) this.kept.checked = kept;
    show(this.figure, preview !== null);
    if (preview === null && hasFocus(this.apply)) find(this.document, 'reset-edge').focus();
    show(this.apply, preview !== null);
    if (preview !== null) this.drawPreview(preview);
  }

  private drawPreview({ layer, aspect, url, stale, error }: Preview): void {
    const { image, strings } = this;
    show(image, url !== null);
    if (url !== null && image.getAttribute('src') !== url) image.setAttribute('src', url);
    image.setAttribute('alt', fill(strings.edge.picture, { layer }));
    this.aspect = aspect;
    this.fit();
    if (error !== null) {
      const { message, hint } = describeError(error, strings);
      write(this.news, `${message} ${hint}`);
    } else {
      write(this.news, stale && url === null ? strings.edge.waiting : '');
    }
  }

  /** UXP wants the size of an image said; it does not follow from one side and the picture. */
  private fit(): void {
    const width = Math.min(this.width(), Math.round(TALLEST * this.aspect));
    this.image.style.width = `${width}px`;
    this.image.style.height = `${Math.round(width / this.aspect)}px`;
  }

  private prepareSlider(name: keyof EdgeControls, intents: EdgeIntents): void {
    const slider = this.slider(name);
    const { least, most, toValue } = EDGE_SCALES[name];
    const label = this.strings.edgeControls[name];
    find(this.document, `edge-${name}-label`).textContent = label;
    slider.setAttribute('aria-label', label);
    slider.setAttribute('min', String(least));
    slider.setAttribute('max', String(most));
    const change = () => intents.changeEdge({ ...this.controls, [name]: toValue(Number(slider.value)) });
    // `input` while it is dragged; some versions say only how it ended.
    slider.addEventListener('input', change);
    slider.addEventListener('change', change);
  }

  private drawSlider(name: keyof EdgeControls, value: number): void {
    const { toPosition, toAmount, unit } = EDGE_SCALES[name];
    const slider = this.slider(name);
    const position = String(toPosition(value));
    if (String(slider.value) !== position) slider.value = position;
    const number = String(toAmount(value)).replace('-', '\u2212');
    const amount = fill(this.strings.amounts[unit], { value: number });
    slider.setAttribute('aria-valuetext', amount);
    write(find(this.document, `edge-${name}-amount`), amount);
  }

  private slider(name: keyof EdgeControls): HTMLInputElement {
    return find(this.document, `edge-${name}`) as HTMLInputElement;
  }

  private width(): number {
    return this.section.clientWidth || NARROWEST;
  }
}
