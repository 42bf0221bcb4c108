import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { chooseStrings } from '../../../../plugin/ui/strings/choose.ts';
import { en } from '../../../../plugin/ui/strings/en.ts';
import { zh } from '../../../../plugin/ui/strings/zh.ts';
import { ERRORS } from '../../../../protocol/errors.ts';

/** Names and bare figures, which are the same in every language. */
const SAME = /^providers\.|^status\.uploading\.1$|^host\.channel$/;

const HAN = /\p{Script=Han}/u;

/** Every text by its path, `errors.GROUP.0`. */
function textsOf(table: object, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(table).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...textsOf(value as object, `${prefix + key}.`)],
    ),
  );
}

const english = textsOf({ ...en, serverErrors: serverWords() });
const chinese = textsOf(zh);

function serverWords() {
  return Object.fromEntries(Object.entries(ERRORS).map(([code, [, message, hint]]) => [code, [message, hint]]));
}

test('both languages say the same things', () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
});

test.each([...english])('%s is translated', (where, text) => {
  const other = chinese.get(where)!;
  const placeholders = (of: string) => [...of.matchAll(/\{\w+\}/g)].map(String).sort();
  expect(placeholders(other)).toEqual(placeholders(text));
  expect(text).not.toMatch(HAN);
  expect(other === '').toBe(text === '');
  if (text === '' || SAME.test(where) || where === 'lang') return;
  expect(other).not.toBe(text);
  expect(other).toMatch(HAN);
  // Chinese has its own quotation marks and full stop, and needs no space before or after them.
  expect(other).not.toMatch(/"|\.$|[。，；：] | [。，；：]/);
  expect(/[。]$/.test(other)).toBe(/[.]$/.test(text));
});

test('every text is used', () => {
  const source = sourcesOutside('ui/strings');
  const unused = Object.entries({ ...en, serverErrors: {} }).flatMap(([name, value]) =>
    typeof value === 'string' || Array.isArray(value)
      ? [name].filter(() => !new RegExp(`strings\\.${name}\\b`).test(source))
      : // Keys of a table are looked up by a value that some other file makes or mentions.
        [name, ...Object.keys(value)].filter(
          (key) => !HOST_WORDS.test(name) && !new RegExp(`\\b${key}\\b`).test(source),
        ),
  );
  expect(unused).toEqual([]);
});

/** Tables whose keys come from Photoshop or from the server at run time. */
const HOST_WORDS = /^(modes|providers)$/;

/** Without `errors.ts`, whose list of codes is what the test asks about. */
function sourcesOutside(folder: string): string {
  const root = fileURLToPath(new URL('../../../../plugin/', import.meta.url));
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith('.ts') && !name.startsWith(folder) && name !== 'errors.ts')
    .map((name) => readFileSync(root + name, 'utf8'))
    .join('\n');
}

test.each([
  ['en_US', en],
  ['zh_CN', zh],
  ['zh-Hans-CN', zh],
  ['zh', zh],
  ['zh_TW', en],
  ['zh-Hant', en],
  ['de_DE', en],
  ['', en],
])('%s', (locale, strings) => {
  expect(chooseStrings(locale)).toBe(strings);
});
