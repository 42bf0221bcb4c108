import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot, VERSION } from '../../server/system/package-root.ts';
import { PHOTO } from './photo.ts';

const npm = (args: readonly string[], cwd: string) =>
  execFileSync('npm', [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
    shell: process.platform === 'win32',
  });

/** The programs of docs/library.md, in their order. */
const examples = [
  ...readFileSync(path.join(packageRoot, 'docs', 'library.md'), 'utf8').matchAll(/```js\n([\s\S]*?)```/g),
];

describe('the npm package, installed into an empty folder', () => {
  let folder: string;
  const run = (args: readonly string[]) => spawnSync(process.execPath, [...args], { cwd: folder, encoding: 'utf8' });

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'hairline-package-'));
    npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], packageRoot);
    writeFileSync(path.join(folder, 'package.json'), '{"private": true, "type": "module"}');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--silent'];
    npm(['install', ...quiet, `./hairline-${VERSION}.tgz`], folder);
    mkdirSync(path.join(folder, 'photos'));
    for (const name of ['portrait.png', 'photos/a.png']) cpSync(PHOTO, path.join(folder, name));
    writeFileSync(path.join(folder, 'photos', 'b.png'), 'not a picture');
    for (const [index, match] of examples.entries()) writeFileSync(path.join(folder, `example${index}.js`), match[1]!);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has no sources, tests or build tools in it', () => {
    const there = (name: string) => existsSync(path.join(folder, 'node_modules', 'hairline', name));
    expect(
      ['dist/server/main.js', 'dist/web/index.html', `dist/hairline-${VERSION}.ccx`].filter((name) => !there(name)),
    ).toEqual([]);
    expect(['server/main.ts', 'test', 'scripts', 'dist/test', 'dist/scripts', 'simulator'].filter(there)).toEqual([]);
  });

  it('runs as npx hairline', () => {
    expect(npm(['exec', '--offline', '--', 'hairline', '--version'], folder).trim()).toBe(VERSION);
  });

  it('has types with which the examples of the documentation compile', () => {
    const tsc = path.join(
      path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin',
      'tsc',
    );
    cpSync(
      path.join(packageRoot, 'node_modules', '@types', 'node'),
      path.join(folder, 'node_modules', '@types', 'node'),
      { recursive: true },
    );
    cpSync(path.join(packageRoot, 'node_modules', 'undici-types'), path.join(folder, 'node_modules', 'undici-types'), {
      recursive: true,
    });
    const wrong = path.join(folder, 'wrong.js');
    writeFileSync(
      wrong,
      "import { createMatte } from 'hairline';\nawait createMatte('a.png', { output: 'nonsense' });\n",
    );
    const check = (...files: string[]) =>
      run([
        tsc,
        '--noEmit',
        '--allowJs',
        '--checkJs',
        '--strict',
        '--types',
        'node',
        '--target',
        'es2022',
        '--module',
        'nodenext',
        ...files,
      ]);
    expect(check(...examples.map((_, index) => `example${index}.js`))).toMatchObject({ status: 0, stdout: '' });
    expect(check('wrong.js').stdout).toContain('nonsense');
  });

  it('runs the examples of the documentation', async () => {
    expect(examples).toHaveLength(2);
    for (const index of examples.keys()) {
      const { status, stderr } = run([`example${index}.js`]);
      expect(status, stderr).toBe(0);
      if (index === 1) expect(stderr).toMatch(/b\.png: .*JPEG/);
    }
    const alpha = await sharp(path.join(folder, 'portrait_alpha.png')).stats();
    expect(alpha.channels[0]!.mean).toBeGreaterThan(50);
    expect(alpha.channels[0]!.mean).toBeLessThan(200);
    expect(await sharp(path.join(folder, 'photos', 'a.png_cutout.png')).metadata()).toMatchObject({ channels: 4 });
  });
});
