import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Input } from '../../../../server/cli/matte/inputs.ts';
import { checkTemplate, findOverwritten, type PlanOptions, planJobs } from '../../../../server/cli/matte/plan.ts';

let outputDir: string;

beforeEach(async () => {
  outputDir = await mkdtemp(path.join(os.tmpdir(), 'hairline out '));
});

afterEach(() => rm(outputDir, { recursive: true, force: true }));

const input = (name: string, folder = '', root = '/in'): Input => {
  const { name: stem, ext } = path.parse(name);
  return { location: path.join(root, folder, name), isUrl: false, folder, stem, extension: ext.slice(1) };
};
const plan = (inputs: Input[], options: Partial<PlanOptions> = {}) =>
  planJobs(inputs, { outputDir, outputs: ['alpha'], format: 'png', ...options });
const names = (inputs: Input[]) => plan(inputs).map((job) => path.relative(outputDir, job.files[0]!.path));

describe('names', () => {
  test('say what each file is, in the mirrored folder', () => {
    const [job] = plan([input('a.jpg', path.join('x', 'y'))], { outputs: ['alpha', 'composition', 'foreground'] });
    const base = path.join(outputDir, 'x', 'y', 'a');
    expect(job!.files).toEqual([
      { kind: 'alpha', path: `${base}_alpha.png` },
      { kind: 'composition', path: `${base}_composition.png` },
      { kind: 'foreground', path: `${base}_foreground.png` },
    ]);
  });

  test('of a document have no suffix', () => {
    expect(plan([input('a.jpg')], { format: 'psd' })[0]!.files).toEqual([
      { kind: 'document', path: path.join(outputDir, 'a.psd') },
    ]);
  });

  test('carry the extension only where they would clash', () => {
    expect(names([input('a.jpg'), input('a.png'), input('b.jpg'), input('a.jpg', 'sub')])).toEqual([
      'a_jpg_alpha.png',
      'a_png_alpha.png',
      'b_alpha.png',
      path.join('sub', 'a_alpha.png'),
    ]);
  });

  test('clash without case too, as on Windows and macOS', () => {
    expect(names([input('A.jpg'), input('a.png')])).toEqual(['A_jpg_alpha.png', 'a_png_alpha.png']);
  });

  test('never meet, however hard they try', () => {
    const made = names([
      input('a.jpg'),
      input('a.png'),
      input('a_jpg.webp'),
      input('a.jpg', '', '/other'),
      input('a_jpg_2.tif'),
    ]);
    expect(new Set(made.map((n) => n.toLowerCase())).size).toBe(5);
    expect(made[2]).toBe('a_jpg_alpha.png');
  });
});

describe('done', () => {
  test('means that every requested file is there', async () => {
    const outputs = ['alpha', 'foreground'] as const;
    const isDone = () => plan([input('a.jpg')], { outputs })[0]!.done;
    expect(isDone()).toBe(false);
    await writeFile(path.join(outputDir, 'a_alpha.png'), '');
    expect(isDone()).toBe(false);
    await writeFile(path.join(outputDir, 'a_foreground.png'), '');
    expect(isDone()).toBe(true);
  });

  test('a document that became a large one counts', async () => {
    await writeFile(path.join(outputDir, 'a.psb'), '');
    expect(plan([input('a.jpg')], { format: 'psd' })[0]!.done).toBe(true);
    await writeFile(path.join(outputDir, 'b_alpha.psb'), '');
    expect(plan([input('b.jpg')])[0]!.done).toBe(false);
  });
});

describe('names by a template', () => {
  const folder = path.resolve('/pictures');
  const pictures = ['b.jpg', 'a.png', 'sub/c.tif'].map((name) => {
    const { dir, name: stem, ext } = path.parse(name);
    return { location: path.join(folder, name), isUrl: false, folder: dir, stem, extension: ext.slice(1) };
  });
  const plan = (template: string) =>
    planJobs(pictures, {
      outputDir: path.join(folder, 'out'),
      outputs: ['alpha', 'cutout'],
      format: 'png',
      template,
    }).map(({ files }) => files.map((file) => path.relative(folder, file.path).split(path.sep).join('/')));

  test('have the name, the output, and the number of the picture', () => {
    expect(plan('{output}/{index}-{name}')).toEqual([
      ['out/alpha/1-b.png', 'out/cutout/1-b.png'],
      ['out/alpha/2-a.png', 'out/cutout/2-a.png'],
      ['out/sub/alpha/3-c.png', 'out/sub/cutout/3-c.png'],
    ]);
  });

  test.each(['{name', '{size}', '../{name}', '/{name}', '{name}/', 'a\\{name}', 'a:{name}', '', '..', '{output}'])(
    'refuse %j for several pictures',
    (template) => {
      expect(checkTemplate(template, 3, 1)).toEqual(expect.any(String));
    },
  );

  test('need the output where there are several', () => {
    expect(checkTemplate('{name}', 3, 2)).toContain('{output}');
    expect(checkTemplate('{name}', 3, 1)).toBeNull();
    expect(checkTemplate('{output}/shot.{index}', 3, 2)).toBeNull();
  });

  test('never lead to one of the pictures', () => {
    const jobs = planJobs(pictures, { outputDir: folder, outputs: ['cutout'], format: 'png', template: '{name}' });
    expect(findOverwritten(jobs)).toBe(path.join(folder, 'a.png'));
    const beside = planJobs(pictures, {
      outputDir: folder,
      outputs: ['cutout'],
      format: 'png',
      template: '{name}_{output}',
    });
    expect(findOverwritten(beside)).toBeNull();
  });
});
