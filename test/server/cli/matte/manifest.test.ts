import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Manifest } from '../../../../server/cli/matte/manifest.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hairline-manifest-'));
  file = path.join(folder, 'new', 'manifest.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lines = () =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as object);
const done = { output: ['a.png'], model: 'm', seconds: 1.5, error: null };
const failed = { output: [], model: null, seconds: 0.1, error: 'It is damaged.' };

it('has a line for each picture, in the order in which they were added', async () => {
  const manifest = await Manifest.open(file);
  const inputs = Array.from({ length: 50 }, (_, i) => `${i}.jpg`);
  await Promise.all(inputs.map((input) => manifest.add({ input, ...done })));
  expect(lines()).toEqual(inputs.map((input) => ({ input, ...done })));
});

it('goes on in the next run, where the last line of a picture counts', async () => {
  const first = await Manifest.open(file);
  await first.add({ input: 'good', ...done });
  await first.add({ input: 'bad', ...failed });
  await first.add({ input: 'mended', ...failed });
  await first.add({ input: 'mended', ...done });
  const second = await Manifest.open(file);
  expect(['good', 'bad', 'mended', 'unheard-of'].map((input) => second.has(input))).toEqual([true, false, true, false]);
  await second.add({ input: 'bad', ...done });
  expect(second.has('bad')).toBe(true);
  expect(lines()).toHaveLength(5);
});

it('survives half a line of a run that was killed', async () => {
  const first = await Manifest.open(file);
  await first.add({ input: 'good', ...done });
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"input":"hal`);
  const second = await Manifest.open(file);
  await second.add({ input: 'next', ...done });
  expect(readFileSync(file, 'utf8').split('\n')).toEqual([
    JSON.stringify({ input: 'good', ...done }),
    '{"input":"hal',
    JSON.stringify({ input: 'next', ...done }),
    '',
  ]);
});

it('says before anything is done that it cannot be written', async () => {
  await expect(Manifest.open(folder)).rejects.toThrow(/--manifest: cannot write .* \(EISDIR\)/);
});
