import { type EdgeControls, NEUTRAL_EDGE } from '../../protocol/edge.ts';
import { EDGE_SCALES } from '../../words/edge-scales.ts';
import { fill } from '../../words/fill.ts';
import type { Strings } from '../../words/panel/strings.ts';
import type { Intents } from '../session/intents.ts';
import { BACKDROPS, type EdgeView, type Preview } from '../session/state.ts';
import { createDisclosure } from './disclosure.ts';
import { createDropdown } from './dropdown.ts';
import { find, hasFocus, onToggle, prepareButton, setChecked, show, write } from './elements.ts';
import { describeInLine } from './messages.ts';

type EdgeIntents = Pick<Intents, 'lookAtEdge' | 'changeEdge' | 'showOn' | 'keepEdge' | 'applyEdge'>;

const NAMES = Object.keys(NEUTRAL_EDGE) as (keyof EdgeControls)[];

/** A picture that is taller than wide would push the sliders out of a docked panel. */
const TALLEST = 240;

/** Before the panel is laid out nothing has a width: that of the narrowest panel, without its margins. */
const NARROWEST = 206;

/** Sliders for the edge of the last matte, and how it looks with them. */
export function createEdgeSection(document: Document, strings: Strings, intents: EdgeIntents) {
  const { edge, labels, backdrops } = strings;
  const section = find(document, 'edge');
  const image = find(document, 'preview-image') as HTMLImageElement;
  const sliderOf = (name: keyof EdgeControls) => find(document, `edge-${name}`) as HTMLInputElement;
  const width = () => section.clientWidth || NARROWEST;
  let shown: EdgeControls = NEUTRAL_EDGE;
  let ratio = 1;

  const backdropList = createDropdown(
    document,
    'backdrop',
    BACKDROPS,
    { label: labels.backdrop, items: backdrops },
    intents.showOn,
  );
  createDisclosure(document, 'edge', edge.title, (open) => intents.lookAtEdge(open ? width() : null));
  for (const name of NAMES) prepareSlider(name);
  const reset = prepareButton(document, 'reset-edge', edge.reset, () => intents.changeEdge(NEUTRAL_EDGE));
  const apply = prepareButton(document, 'apply-edge', edge.apply, intents.applyEdge);
  const keep = find(document, 'keep-edge');
  keep.textContent = edge.keep;
  onToggle(keep, intents.keepEdge);
  // Where a host does not tell, the next drawing fits.
  window.addEventListener?.('resize', fitImage);

  function prepareSlider(name: keyof EdgeControls): void {
    const slider = sliderOf(name);
    const { least, most, toValue } = EDGE_SCALES[name];
    const label = strings.edgeControls[name];
    find(document, `edge-${name}-label`).textContent = label;
    slider.setAttribute('aria-label', label);
    slider.setAttribute('min', String(least));
    slider.setAttribute('max', String(most));
    const change = () => intents.changeEdge({ ...shown, [name]: toValue(Number(slider.value)) });
    // `input` while it is dragged; some versions say only how it ended.
    slider.addEventListener('input', change);
    slider.addEventListener('change', change);
  }

  function drawSlider(name: keyof EdgeControls, value: number): void {
    const { toPosition, toAmount, unit } = EDGE_SCALES[name];
    const slider = sliderOf(name);
    const position = String(toPosition(value));
    if (String(slider.value) !== position) slider.value = position;
    const number = String(toAmount(value)).replace('-', '\u2212');
    const amount = fill(strings.amounts[unit], { value: number });
    slider.setAttribute('aria-valuetext', amount);
    write(find(document, `edge-${name}-amount`), amount);
  }

  function drawPreview({ layer, aspect, url, stale, error }: Preview): void {
    show(image, url !== null);
    if (url !== null && image.getAttribute('src') !== url) image.setAttribute('src', url);
    image.setAttribute('alt', fill(edge.picture, { layer }));
    ratio = aspect;
    fitImage();
    const news = error !== null ? describeInLine(error, strings) : stale && url === null ? edge.waiting : '';
    write(find(document, 'preview-news'), news);
  }

  /** UXP wants the size of an image said; it does not follow from one side and the picture. */
  function fitImage(): void {
    const wide = Math.min(width(), Math.round(TALLEST * ratio));
    image.style.width = `${wide}px`;
    image.style.height = `${Math.round(wide / ratio)}px`;
  }

  return {
    draw({ controls, backdrop, kept, preview }: EdgeView): void {
      const neutral = NAMES.every((name) => controls[name] === NEUTRAL_EDGE[name]);
      // Without a matte it is there only to show, and to take back, what would be done to the next one.
      show(section, preview !== null || (kept && !neutral));
      shown = controls;
      for (const name of NAMES) drawSlider(name, controls[name]);
      backdropList.show(backdrop);
      setChecked(keep, kept);
      show(find(document, 'preview'), preview !== null);
      if (preview === null && hasFocus(apply)) reset.focus();
      show(apply, preview !== null);
      if (preview !== null) drawPreview(preview);
    },
  };
}
