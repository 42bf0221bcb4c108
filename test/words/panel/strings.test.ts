import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ERRORS } from '../../../protocol/errors.ts';
import { chooseStrings } from '../../../words/panel/choose.ts';
import { en } from '../../../words/panel/en.ts';
import { zh } from '../../../words/panel/zh.ts';

/** Names and bare figures, which are the same in every language. */
const SAME = /^providers\.|^status\.uploading\.1$|^host\.channel$|^amounts\.share$/;

const HAN = /\p{Script=Han}/u;

/** Every text by its path, `errors.GROUP.0`. */
function textsOf(table: object, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(table).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...textsOf(value as object, `${prefix + key}.`)],
    ),
  );
}

/** Of files, addresses, jobs, tokens and routes that the panel never sends or asks for. */
const NEVER_MET =
  /^(NOT_AN_IMAGE|UNSUPPORTED_(TYPE|PICTURE)|TRUNCATED_IMAGE|URL_\w+|UNKNOWN_MODEL|JOB_\w+|RESULT_TOO_LARGE|METHOD_NOT_ALLOWED|HEADERS_TOO_LARGE|SYSTEM_REFUSED|UNAUTHORIZED|TOKEN_REQUIRED|TOO_MANY_TRIES)$/;

const english = textsOf({ ...en, serverErrors: serverWords() });
const chinese = textsOf(zh);

function serverWords() {
  const met = Object.entries(ERRORS).filter(([code]) => !NEVER_MET.test(code));
  return Object.fromEntries(met.map(([code, [, message, hint]]) => [code, [message, hint]]));
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
  const isUsed = (word: string) => new RegExp(`\\b${word.replace('+', '\\+')}\\b`).test(source);
  // Keys of a table are looked up by a value that some other file makes or mentions.
  const unused = [...english.keys()].filter(
    (where) => !HOST_WORDS.test(where) && !where.split('.').every((key) => /^\d$/.test(key) || isUsed(key)),
  );
  expect(unused).toEqual([]);
});

/** Tables whose keys come from Photoshop or from the server at run time. */
const HOST_WORDS = /^(modes|providers|serverErrors)\./;

/** Of the panel and the contract; without `errors.ts`, whose list of codes is what the test asks about. */
function sourcesOutside(folder: string): string {
  return ['plugin/', 'protocol/']
    .flatMap((part) => {
      const root = fileURLToPath(new URL(`../../../${part}`, import.meta.url));
      const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) =>
        name.split(path.sep).join('/'),
      );
      return names
        .filter((name) => name.endsWith('.ts') && !name.startsWith(folder) && name !== 'errors.ts')
        .map((name) => readFileSync(root + name, 'utf8'));
    })
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
