import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { run } from '../../../server/cli/main.ts';
import { VERSION } from '../../../server/system/package-root.ts';
import { recordTerminal } from './recorder.ts';

/** As where its native part does not fit the system: no command here needs it. */
vi.mock('sharp', () => {
  throw new Error('sharp is broken');
});

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(path.join(os.tmpdir(), 'hairline cache '));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

async function hairline(...args: string[]) {
  const recorder = recordTerminal();
  const code = await run(args, recorder.terminal);
  return { code, out: recorder.out, err: recorder.err };
}

test('version and help are not failures', async () => {
  expect(await hairline('--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  expect(await hairline('matte', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('--output-dir') });
});

test.each([
  [['bogus'], "unknown command 'bogus'"],
  [['matte'], 'Name a picture'],
  [['matte', '--depth', '12', 'a.jpg'], '8 or 16'],
  [['matte', '--outputs', 'alpha,foo', 'a.jpg'], '"foo" is not one of'],
  [['matte', '--outputs', 'alpha', '--no-save-foreground', 'a.jpg'], 'cannot be used with'],
  [['matte', '--format', 'gif', 'a.jpg'], 'png, tiff, psd'],
  [['matte', '--subject', 'cat', 'a.jpg'], 'portrait, object'],
])('%j is a usage error', async (args, sentence) => {
  expect(await hairline(...args)).toMatchObject({ code: 2, err: expect.stringContaining(sentence) });
});

test('models are listed with what they cost', async () => {
  const { code, out, err } = await hairline('models', '--cache-dir', cache);
  expect(code).toBe(0);
  expect(out).toMatch(/isnet .* MIT .* not downloaded .* 113 MB/);
  expect(err).toContain(cache);
});

test('a download does not start without confirmation when not interactive', async () => {
  const { code, err } = await hairline('models', 'pull', 'isnet', '--cache-dir', cache);
  expect(code).toBe(2);
  expect(err).toContain('MIT');
  expect(err).toContain('--yes');
});

test('an unknown model is answered with the available ones', async () => {
  expect(await hairline('models', 'remove', 'nope', '--cache-dir', cache)).toMatchObject({
    code: 1,
    err: expect.stringContaining('isnet'),
  });
});

test('suggests a next step that works at a command line', async () => {
  const file = path.join(cache, 'portrait.jpg');
  await writeFile(file, 'a photo');
  const { code, err } = await hairline('models', 'add', file, '--as', 'bshm', '--cache-dir', cache);
  expect(code).toBe(1);
  expect(err).toContain('its name ends in ".jpg"');
  expect(err).toContain('Run with --help');
  expect(err).not.toContain('API');
});

test('removing a missing model is not an error', async () => {
  expect(await hairline('models', 'remove', 'isnet', '--cache-dir', cache)).toMatchObject({ code: 0 });
});
