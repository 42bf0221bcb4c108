import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../plugin/', import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => ({ name: name.split(path.sep).join('/'), text: readFileSync(path.join(root, name), 'utf8') }));

test('one file requires the host modules', () => {
  const requiring = files.filter(({ text }) => /^import (?!type)[^;]*? from '(photoshop|uxp|os)/ms.test(text));
  expect(requiring.map(({ name }) => name)).toEqual(['host/uxp.ts']);
});

test('uses nothing that UXP lacks', () => {
  const absent =
    /\b(eval|queueMicrotask|structuredClone|matchMedia|AbortController|URLSearchParams|TextDecoder|MutationObserver)\(|new Function|new Worker|crypto\.subtle/;
  for (const { name, text } of files) expect(`${name}: ${absent.exec(text)?.[0] ?? ''}`).toBe(`${name}: `);
});

test('every file stays below the size limit', () => {
  for (const { name, text } of files) expect(`${name} ${text.split('\n').length > 300}`).toBe(`${name} false`);
});
