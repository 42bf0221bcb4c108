import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../plugin/index.html', import.meta.url), 'utf8');

/** Every property that UXP's reference documents. */
const DOCUMENTED = new RegExp(
  `^(${[
    'align-(content|items|self)',
    'background(-(attachment|color|image|repeat|size))?',
    'border-(top|right|bottom|left)(-(color|style|width))?',
    'border-(color|radius|style|width)',
    'border-(top|bottom)-(left|right)-radius',
    'top|right|bottom|left|width|height|(min|max)-(width|height)',
    'color|display|opacity|visibility',
    'flex(-(basis|direction|grow|shrink|wrap))?|justify-content',
    'font-(family|size|style|weight)|letter-spacing',
    '(margin|padding)(-(top|right|bottom|left))?',
    'overflow(-[xy])?|text-(align|overflow)|white-space',
  ].join('|')})$`,
);

const sheets = [...page.matchAll(/<style>(.*?)<\/style>/gs)].map(([, css]) => css!.replace(/\/\*.*?\*\//gs, ''));
const inline = [...page.matchAll(/ style="([^"]*)"/g)].map(([, css]) => css!);
const declarations = [
  ...sheets.flatMap((css) => [...css.matchAll(/\{([^{}]*)\}/g)].map(([, body]) => body!)),
  ...inline,
]
  .flatMap((body) => body.split(';'))
  .map((line) => line.trim())
  .filter((line) => line !== '')
  .map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()] as const);

test('the panel is styled at all', () => {
  expect(declarations.length).toBeGreaterThan(50);
});

test('every property is one that UXP has', () => {
  const unknown = declarations.map(([name]) => name).filter((name) => !DOCUMENTED.test(name));
  expect(unknown).toEqual([]);
});

test('boxes are laid out by flexbox alone', () => {
  const displays = declarations.filter(([name]) => name === 'display').map(([, value]) => value);
  expect(new Set(displays)).toEqual(new Set(['flex', 'none']));
});

test('what stands in a column says how wide it is', () => {
  const columns = sheets.flatMap((css) => css.match(/[^{}]*\{[^{}]*flex-direction: column[^{}]*\}/g) ?? []);
  expect(columns.length).toBeGreaterThan(3);
  for (const rule of columns) expect(rule).toContain('align-items: ');
});

test('asks for widths only in media queries, and selects only as UXP can', () => {
  const rules = [...sheets.join('\n').matchAll(/@([a-z-]+)\s*([^{]*)\{/g)].map(
    ([, name, query]) => `${name} ${query!.trim()}`,
  );
  for (const rule of rules) expect(rule).toMatch(/^media \((min|max)-width: \d+px\)$/);
  const pseudo = sheets.join('\n').match(/(?<=[a-z\])])::?[a-z-]+(?=[^;{}]*\{)/g) ?? [];
  expect([...new Set(pseudo)]).toEqual([':focus']);
});

test('every color is one of the host, so that it follows the theme', () => {
  for (const [name, value] of declarations.filter(([name]) => /color$/.test(name))) {
    expect(`${name}: ${value}`).toMatch(/var\(--uxp-host-|: transparent$/);
  }
});
