import type { Finding, Probe, Seen } from './probe.ts';

/** What the panel saw of its own start. */
export interface BootLog {
  /** `create` and `show` of the panel, in the order in which Photoshop called them. */
  readonly hooks: readonly string[];
}

const GLOBALS = ['btoa', 'TextEncoder', 'WebSocket', 'AbortController', 'XMLHttpRequest', 'fetch', 'Blob', 'URL'];

/** What the page and the script can rely on; takes milliseconds and changes nothing that a user sees. */
export function bootProbes(log: BootLog, language: string, system: string): Probe[] {
  return [
    { id: 'scriptBase', run: findBase },
    { id: 'globals', run: findGlobals },
    { id: 'activeElement', run: findFocus },
    { id: 'radioGroup', run: () => inside('sp-radio-group', tryRadios) },
    { id: 'setEarly checkbox', run: tryChecked },
    { id: 'setEarly list', run: tryList },
    { id: 'columnWidth', run: () => inside('div', measureColumn) },
    { id: 'panelHooks', run: () => ({ seen: [...log.hooks], expected: log.hooks[0] !== 'show' }) },
    { id: 'language', run: () => ({ seen: { language, system }, expected: /^[a-z]{2}[-_]/i.test(language) }) },
  ];
}

function findBase(): Finding {
  const script = document.querySelector('script');
  const src = script?.getAttribute('src') ?? '';
  const resolved = (script as HTMLScriptElement | null)?.src ?? '';
  // Its folder would name the user.
  return { seen: { src, resolved: src !== '' && resolved.endsWith(src) }, expected: src === 'main.js' };
}

function findGlobals(): Finding {
  const isThere = (name: string) => typeof (window as unknown as Record<string, unknown>)[name] !== 'undefined';
  const missing = GLOBALS.filter((name) => !isThere(name));
  if (typeof globalThis === 'undefined') missing.push('globalThis');
  return { seen: { missing }, expected: missing.length === 0 };
}

function findFocus(): Finding {
  const { activeElement, body } = document;
  let takesNull: Seen;
  try {
    takesNull = body.contains(null);
  } catch (thrown) {
    takesNull = String(thrown);
  }
  const active = String(activeElement === null ? null : activeElement?.localName);
  return { seen: { active, takesNull }, expected: active !== 'undefined' && takesNull === false };
}

/** Whose `change` tells of a choice, and what the group knows of it. */
function tryRadios(group: HTMLElement): Finding {
  for (const value of ['a', 'b']) {
    const radio = document.createElement('sp-radio');
    radio.setAttribute('value', value);
    group.appendChild(radio);
  }
  let target = 'nothing';
  group.addEventListener('change', (event) => {
    target = (event.target as Element).localName;
  });
  (group.lastChild as HTMLElement).click();
  const { value, selected } = group as HTMLElement & { value?: unknown; selected?: unknown };
  const plain = (known: unknown): Seen => (typeof known === 'string' ? known : null);
  const seen = { target, value: plain(value), selected: plain(selected) };
  return { seen, expected: target === 'sp-radio-group' && value === 'b' };
}

/** Whether what is set before an element is shown holds. */
function tryChecked(): Finding {
  const box = document.createElement('sp-checkbox') as HTMLInputElement;
  box.checked = true;
  const before = box.checked;
  return inside('div', (place) => {
    place.appendChild(box);
    return { seen: { before, after: box.checked }, expected: before && box.checked };
  });
}

function tryList(): Finding {
  const list = document.createElement('sp-dropdown') as HTMLSelectElement;
  const menu = document.createElement('sp-menu');
  menu.setAttribute('slot', 'options');
  for (const text of ['a', 'b']) {
    const item = document.createElement('sp-menu-item');
    item.textContent = text;
    menu.appendChild(item);
  }
  list.appendChild(menu);
  list.selectedIndex = 1;
  const before = list.selectedIndex;
  return inside('div', (place) => {
    place.appendChild(list);
    return { seen: { before, after: list.selectedIndex }, expected: before === 1 && list.selectedIndex === 1 };
  });
}

/** A child of a column should be as wide as the column. */
function measureColumn(column: HTMLElement): Finding {
  column.style.display = 'flex';
  column.style.flexDirection = 'column';
  column.style.alignItems = 'stretch';
  column.style.width = '100px';
  const child = document.createElement('div');
  child.textContent = '.';
  column.appendChild(child);
  const width = child.offsetWidth;
  return { seen: typeof width === 'number' ? width : null, expected: width === 100 };
}

/** Adds an element out of sight and removes it again. */
function inside(name: string, use: (element: HTMLElement) => Finding): Finding {
  const place = document.createElement('div');
  place.style.height = '0px';
  place.style.overflow = 'hidden';
  const element = document.createElement(name);
  place.appendChild(element);
  document.body.appendChild(place);
  try {
    return use(element);
  } finally {
    document.body.removeChild(place);
  }
}
