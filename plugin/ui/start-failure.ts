import { chooseStrings } from '../../words/panel/choose.ts';
import type { Strings } from '../../words/panel/strings.ts';

/**
 * Says in the panel what kept it from starting, as text that can be copied. Relies on as little of the host as it can,
 * because any of it may be what failed.
 */
export function showStartFailure(thrown: unknown, strings: Strings = chooseStrings(guessLocale())): void {
  const { message = String(thrown), stack = '' } = (thrown ?? {}) as Partial<Error>;
  const write = (id: string, text: string) => {
    const element = document.getElementById(id);
    if (element === null) return;
    element.textContent = text;
    element.style.display = '';
  };
  const [said, hint] = strings.status.notStarted;
  document.getElementById('panel')?.setAttribute('data-state', 'failed');
  write('status', said);
  write('hint', hint);
  // A field, because its text can be selected and copied in every UXP version.
  const field = document.createElement('textarea');
  field.id = 'start-failure';
  field.className = 'wide';
  field.value = stack.includes(message) ? stack : `${message}\n${stack}`;
  const place = document.getElementById('detail') ?? document.body;
  place.textContent = '';
  place.style.display = '';
  place.appendChild(field);
}

function guessLocale(): string {
  try {
    return navigator.language;
  } catch {
    return '';
  }
}
