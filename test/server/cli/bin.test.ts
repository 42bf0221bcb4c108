import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../../server/system/package-root.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'hairline bin ü '));
  write('package.json', '{"type":"module"}');
  mkdirSync(path.join(root, 'server', 'cli'), { recursive: true });
  cpSync(path.join(packageRoot, 'server', 'cli', 'bin.mjs'), path.join(root, 'server', 'cli', 'bin.mjs'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string) {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A checkout whose build takes no time and says what it does, on stdout as compilers do. */
function addSources(build = '') {
  write('node_modules/typescript/package.json', '{"name":"typescript"}');
  write('protocol/limits.ts', '');
  write(
    'scripts/build.mjs',
    `import { mkdirSync, writeFileSync } from 'node:fs';
     console.log('compiled');
     ${build}
     mkdirSync('dist/server/cli', { recursive: true });
     writeFileSync('dist/server/cli/main.js', 'export const run = async (args) => (console.log(args.join()), 3);');
     writeFileSync('dist/.built', '');`,
  );
}

function hairline() {
  const bin = path.join(root, 'server', 'cli', 'bin.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'a b', 'c'], { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('builds a fresh checkout once, with the words on stderr, and passes on arguments and exit code', () => {
  addSources();
  expect(hairline()).toEqual({ status: 3, stdout: 'a b,c\n', stderr: 'Building Hairline …\ncompiled\n' });
  expect(hairline()).toEqual({ status: 3, stdout: 'a b,c\n', stderr: '' });
});

test('builds again when a source is newer', () => {
  addSources();
  hairline();
  const later = new Date(Date.now() + 5000);
  utimesSync(path.join(root, 'protocol', 'limits.ts'), later, later);
  expect(hairline().stderr).toContain('Building');
});

test('says so when the build fails', () => {
  addSources('process.exit(2);');
  expect(hairline()).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('build failed') });
});

test('a packaged install runs without sources and without a compiler', () => {
  write('dist/server/cli/main.js', 'export const run = async () => 0;');
  expect(hairline()).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(existsSync(path.join(root, 'dist', '.built'))).toBe(false);
});

test('explains what to do if neither is available', () => {
  expect(hairline()).toMatchObject({ status: 1, stderr: expect.stringContaining('npm ci') });
});
