import type { Words } from '../words/page/words.ts';
import { find, speak } from './elements.ts';
import { describeError } from './errors.ts';
import { fill } from './language.ts';
import type { View } from './matte-session.ts';
import type { Stage } from './matting.ts';

/** Progress as text and as a bar; screen readers announce the text, but not the percentages. */
export function drawStage(view: View, words: Words): void {
  if (view.name === 'working') drawWork(view.stage, words);
  if (view.name !== 'failed') return;
  const [message, hint] = describeError(view.error, words);
  find('failure').textContent = message;
  find('failure-hint').textContent = hint;
}

function drawWork(stage: Stage, words: Words): void {
  const text = sentenceOf(stage, words);
  if (find('stage-text').textContent !== text) {
    find('stage-text').textContent = text;
    speak(text);
  }
  find('stage-detail').textContent = detailOf(stage, words);
  const bar = find<HTMLProgressElement>('progress');
  // A bar without a value is indeterminate: the duration of a wait is unknown.
  if (isMeasured(stage)) bar.value = stage.fraction;
  else bar.removeAttribute('value');
}

/** Progress is unknown before the first step is done. */
function isMeasured(stage: Stage): stage is Extract<Stage, { fraction: number }> {
  return 'fraction' in stage && stage.fraction > 0;
}

function sentenceOf(stage: Stage, { stages }: Words): string {
  if (stage.name === 'queued' && stage.ahead > 0) return fill(stages.queuedBehind, { ahead: String(stage.ahead) });
  return stages[stage.name];
}

function detailOf(stage: Stage, { stages, percent }: Words): string {
  if (!isMeasured(stage)) return '';
  const done = fill(percent, { value: String(Math.round(stage.fraction * 100)) });
  const seconds = stage.name === 'running' && stage.estimate !== null ? Math.ceil(stage.estimate) : 0;
  return seconds > 0 ? `${done} · ${fill(stages.remaining, { seconds: String(seconds) })}` : done;
}
