import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../plugin/', import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => ({ name: name.split(path.sep).join('/'), text: readFileSync(path.join(root, name), 'utf8') }));

/** Modules that a file really loads; `import type` is gone after compilation. */
function importsOf(text: string): string[] {
  const statements = text.matchAll(/^(?:import|export)(?! type)[^;]*? from '([^']+)'/gms);
  return [...statements].map(([, module]) => module!);
}

test('only one file requires the host modules', () => {
  const requiring = files.filter(({ text }) => importsOf(text).some((module) => /^(photoshop|uxp|os)/.test(module)));
  expect(requiring.map(({ name }) => name)).toEqual(['host/uxp.ts']);
});

test.each([
  ['commands/', /host\/|client\/|ui\//],
  ['ui/', /host\/|client\/|commands\//],
  ['client/', /host\/|ui\/|commands\//],
  ['host/', /client\/|ui\/|commands\//],
])('%s imports only what its layer allows', (folder, forbidden) => {
  for (const { name, text } of files.filter((file) => file.name.startsWith(folder))) {
    for (const module of importsOf(text))
      expect(`${name} -> ${module}`).not.toMatch(new RegExp(`-> .*${forbidden.source}`));
  }
});

test('imports nothing but itself, the contract and the host', () => {
  for (const { name, text } of files) {
    for (const module of importsOf(text)) expect(`${name} -> ${module}`).toMatch(/-> (\.|photoshop$|uxp$|os$)/);
  }
});

test('uses nothing that UXP lacks', () => {
  const absent =
    /\b(eval|queueMicrotask|structuredClone|matchMedia|AbortController|URLSearchParams|TextDecoder|MutationObserver)\(|new Function|new Worker|crypto\.subtle/;
  for (const { name, text } of files) expect(`${name}: ${absent.exec(text)?.[0] ?? ''}`).toBe(`${name}: `);
});

test('every file stays below the size limit', () => {
  for (const { name, text } of files) expect(`${name} ${text.split('\n').length > 300}`).toBe(`${name} false`);
});
