import { type EdgeControls, NEUTRAL_EDGE } from '../protocol/edge.ts';
import type { EdgeRequest } from '../protocol/schemas/edge.ts';
import { EDGE_SCALES, type Scale } from '../words/edge-scales.ts';
import { find } from './elements.ts';
import { fill, type Language } from './language.ts';

type EdgeName = keyof EdgeControls;

interface Slider {
  name: EdgeName;
  scale: Scale;
  /** Neutral position. */
  neutral: number;
  input: HTMLInputElement;
  draw(): void;
}

/** The edge controls: one slider each, and a button that resets all. */
export class EdgeSliders {
  readonly #sliders: readonly Slider[];

  constructor(language: Language, onChange: () => void) {
    this.#sliders = (Object.keys(EDGE_SCALES) as EdgeName[]).map((name) => build(name, language, onChange));
    find('reset').addEventListener('click', () => {
      this.reset();
      onChange();
    });
  }

  /** The settings that differ from neutral, for the server. */
  get settings(): EdgeRequest {
    return this.settingsOf(this.positions);
  }

  /** Of all sliders, to put them back there. */
  get positions(): readonly string[] {
    return this.#sliders.map(({ input }) => input.value);
  }

  reset(): void {
    this.restore(null);
  }

  /** @param positions null: neutral */
  restore(positions: readonly string[] | null): void {
    for (const [i, { input, neutral, draw }] of this.#sliders.entries()) {
      input.value = positions?.[i] ?? String(neutral);
      draw();
    }
  }

  /** The settings of other positions than those of the sliders. */
  settingsOf(positions: readonly string[] | null): EdgeRequest {
    const changed = this.#sliders.flatMap(({ name, scale, neutral }, i) => {
      const position = Number(positions?.[i] ?? neutral);
      return position === neutral ? [] : [[name, scale.toValue(position)] as const];
    });
    return Object.fromEntries(changed);
  }
}

function build(name: EdgeName, language: Language, onChange: () => void): Slider {
  const scale = EDGE_SCALES[name];
  const neutral = scale.toPosition(NEUTRAL_EDGE[name]);
  const input = document.createElement('input');
  Object.assign(input, { type: 'range', id: `edge-${name}`, min: scale.least, max: scale.most, value: neutral });
  const label = document.createElement('label');
  label.htmlFor = input.id;
  const amount = document.createElement('output');
  amount.htmlFor.add(input.id);
  const row = document.createElement('div');
  row.className = 'slider';
  row.append(label, amount, input);
  find('sliders').append(row);
  const draw = () => {
    const { words } = language;
    const position = Number(input.value);
    label.textContent = words.edgeControls[name];
    amount.textContent = fill(words.amounts[scale.unit], { value: String(scale.toAmount(scale.toValue(position))) });
    input.setAttribute('aria-valuetext', amount.textContent);
    input.style.setProperty('--from', String(fraction(neutral, scale)));
    input.style.setProperty('--to', String(fraction(position, scale)));
  };
  input.addEventListener('input', () => {
    draw();
    onChange();
  });
  language.follow(draw);
  return { name, scale, neutral, input, draw };
}

function fraction(position: number, { least, most }: Scale): number {
  return (position - least) / (most - least);
}
