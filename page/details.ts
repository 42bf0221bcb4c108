import type { Words } from '../words/page/words.ts';
import { find } from './elements.ts';
import { fill } from './language.ts';
import type { Matte } from './matting.ts';
import type { ServerState } from './server-line.ts';

/** Model, provider and the duration of each stage. */
export function drawDetails(
  { model, provider, width, height, timings }: Matte,
  server: ServerState,
  words: Words,
): void {
  const { details } = words;
  const seconds = (ms: number) => fill(details.seconds, { value: (ms / 1000).toFixed(ms < 9950 ? 2 : 1) });
  const total = timings.reduce((sum, [, ms]) => sum + ms, 0);
  const runsOn = provider
    .split('+')
    .map((id) => words.providers[id] ?? id)
    .join(' + ');
  const facts: [string, string, boolean?][] = [
    [details.model, model.split('+').join(' + ')],
    [details.provider, runsOn],
    [details.size, `${width} × ${height}`],
    [details.time, seconds(total)],
    ...timings.map(([stage, ms]): [string, string, boolean] => [words.timings[stage] ?? stage, seconds(ms), true]),
    ...(typeof server === 'string' ? [] : [[details.version, `Hairline ${server.version}`] as [string, string]]),
  ];
  find('reason').textContent = typeof server === 'string' ? '' : (server.reason ?? '');
  find('facts').replaceChildren(...facts.map(([name, value, isPart = false]) => row(name, value, isPart)));
}

function row(name: string, value: string, isPart: boolean): HTMLElement {
  const line = document.createElement('div');
  line.classList.toggle('part', isPart);
  const term = document.createElement('dt');
  const text = document.createElement('dd');
  term.textContent = name;
  text.textContent = value;
  line.append(term, text);
  return line;
}
