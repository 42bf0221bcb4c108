import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expandInputs } from '../../../../server/cli/matte/inputs.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(path.join(os.tmpdir(), 'hairline (in) [put] ü '));
});

afterEach(() => rm(cwd, { recursive: true, force: true }));

async function touch(...names: string[]) {
  for (const name of names) {
    await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
    await writeFile(path.join(cwd, name), '');
  }
}

/** `folder/stem.extension` of every picture found. */
async function found(given: string[], out = 'out') {
  const { inputs } = await expandInputs(given, out, cwd);
  return inputs.map((i) => `${i.folder.split(path.sep).concat('').join('/')}${i.stem}.${i.extension}`);
}

describe('folders', () => {
  test('are searched to the bottom, sorted, for pictures only', async () => {
    await touch('in/b.JPG', 'in/a.png', 'in/notes.txt', 'in/deep er/ü/c.tiff', 'in/x.svg', 'in/d.jpeg', 'in/e.webp');
    expect(await found(['in'])).toEqual(
      ['/a.png', '/b.jpg', '/d.jpeg', 'deep er/ü/c.tiff', '/e.webp'].sort(byFolderEntry),
    );
  });

  test('pictures that cannot be read are listed with the reason', async () => {
    await touch('in/a.jfif', 'in/b.gif', 'in/c.JP2', 'in/d.jxl', 'in/d.ppm', 'in/e.heic', 'in/f.NEF', 'in/notes.txt');
    const { inputs, problems } = await expandInputs(['in'], 'out', cwd);
    expect(inputs.map(({ stem }) => stem)).toEqual(['a', 'b', 'e', 'f']);
    expect(problems.map(({ message }) => message)).toEqual([
      'Hairline cannot read .jp2 files.',
      'Hairline cannot read .jxl files.',
      'Hairline cannot read .ppm files.',
    ]);
  });

  test('of a shot as raw and JPEG or HEIC, the raw file is left out and listed', async () => {
    await touch('in/IMG_1.CR3', 'in/img_1.jpg', 'in/IMG_2.NEF', 'in/IMG_3.DNG', 'in/IMG_3.heic', 'in/sub/IMG_2.jpg');
    const { inputs, twins } = await expandInputs(['in'], 'out', cwd);
    expect(inputs.map(({ location }) => path.relative(path.join(cwd, 'in'), location)).sort()).toEqual([
      'IMG_2.NEF',
      'IMG_3.heic',
      'img_1.jpg',
      path.join('sub', 'IMG_2.jpg'),
    ]);
    expect(twins.map((twin) => path.basename(twin))).toEqual(['IMG_1.CR3', 'IMG_3.DNG']);
    expect((await expandInputs(['in/IMG_1.CR3'], 'out', cwd)).inputs).toHaveLength(1);
  });

  test('hidden files stay out: macOS leaves ._ copies on memory cards', async () => {
    await touch('in/.hidden.jpg', 'in/._a.jpg', 'in/.cache/b.jpg', 'in/a.jpg');
    expect(await found(['in'])).toEqual(['/a.jpg']);
  });

  test('the output folder inside is left alone', async () => {
    await touch('in/a.jpg', 'in/out/a_alpha.png', 'in/out/other.jpg');
    expect(await found(['in'], 'in/out')).toEqual(['/a.jpg']);
  });

  test('results among the originals are left alone when both share a folder', async () => {
    await touch('in/a.jpg', 'in/a_alpha.png', 'in/a_foreground.tiff', 'in/sub/b_composition.png');
    expect(await found(['in'], 'in')).toEqual(['/a.jpg']);
    expect(await found(['in'], 'elsewhere')).toHaveLength(4);
  });

  test('a document among the originals is one of them unless a picture of its name made it', async () => {
    await touch('in/a.jpg', 'in/a.psd', 'in/b.psd', 'in/b_masked.psd', 'in/c.psb');
    expect(await found(['in'], 'in')).toEqual(['/a.jpg', '/b.psd', '/c.psb']);
    expect(await found(['in'], 'elsewhere')).toHaveLength(5);
  });

  test.skipIf(process.platform === 'win32')('a link that leads nowhere is reported, the rest is found', async () => {
    await touch('in/a.jpg');
    await symlink(path.join(cwd, 'gone'), path.join(cwd, 'in', 'z.jpg'));
    const { inputs, problems } = await expandInputs(['in'], 'out', cwd);
    expect(inputs).toHaveLength(1);
    expect(problems).toHaveLength(1);
  });
});

/** The order of `readdir`, sorted by name: folders in their place among the files. */
function byFolderEntry(a: string, b: string): number {
  const name = (s: string) => s.replace(/^\//, '');
  return name(a) < name(b) ? -1 : 1;
}

describe('files', () => {
  test('that are named are taken whatever they are called, absolute or relative, once', async () => {
    await touch('photo', 'a b.jpg');
    expect(await found(['photo', 'a b.jpg', path.join(cwd, 'photo'), './a b.jpg'])).toEqual(['/photo.', '/a b.jpg']);
  });

  test('can be named by a pattern, which Windows does not expand', async () => {
    await touch('in put/b.JPG', 'in put/a.jpg', 'in put/c.png', 'in put/d.jpg/x.jpg');
    expect(await found(['in put/*.jpg'])).toEqual(['/a.jpg', '/b.jpg']);
    expect((await expandInputs(['in put/*.tif'], 'out', cwd)).problems).toHaveLength(1);
  });

  test('that are missing are reported with a next step', async () => {
    const { inputs, problems } = await expandInputs(['gone.jpg'], 'out', cwd);
    expect(inputs).toEqual([]);
    expect(problems[0]).toMatchObject({
      location: path.join(cwd, 'gone.jpg'),
      message: expect.stringContaining('no such'),
    });
  });
});

describe('URLs', () => {
  test.each([
    ['https://example.test/a/b%20c.JPG?size=1', 'b c', 'jpg'],
    ['http://example.test/', 'picture', ''],
    ['http://example.test/%2e%2e%2fpasswd', '_passwd', ''],
    ['http://example.test/con.png', '_con', 'png'],
    ['http://example.test/%zz', 'picture', ''],
  ])('%s is named after its last part', async (url, stem, extension) => {
    const { inputs } = await expandInputs([url], 'out', cwd);
    expect(inputs[0]).toMatchObject({ isUrl: true, location: url, stem, extension, folder: '' });
  });
});
