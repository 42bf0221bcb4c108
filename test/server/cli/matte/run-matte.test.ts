import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Connect } from '../../../../server/cli/matte/connect.ts';
import { Connection } from '../../../../server/cli/matte/connection.ts';
import type { MatteOptions } from '../../../../server/cli/matte/options.ts';
import { runMatte } from '../../../../server/cli/matte/run-matte.ts';
import { UsageError } from '../../../../server/cli/terminal.ts';
import { inspectResult } from '../../../../server/imaging/inspect-result.ts';
import { readProvenance } from '../../../../server/imaging/metadata/provenance.ts';
import { VERSION } from '../../../../server/system/package-root.ts';
import { startProxy, type TestProxy } from '../../../fixtures/proxy.ts';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { readStrictly } from '../../imaging/psd/strict-reader.ts';
import { recordTerminal } from '../recorder.ts';

// The stand-in's alpha is the picture's brightness.
let server: StandInServer;
let cwd: string;
let connections = 0;

beforeAll(async () => {
  server = await startStandInServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  connections = 0;
  cwd = await mkdtemp(path.join(os.tmpdir(), 'hairline matte ü '));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const connect: Connect = async (_model, _config, _terminal, signal) => {
  connections++;
  return new Connection(server.url, signal);
};

/** What the command line leaves out. */
const DEFAULTS: MatteOptions = {
  outputDir: 'out',
  saveForeground: true,
  format: 'png',
  profile: 'keep',
  metadata: true,
  provenance: true,
  background: 'white',
  subject: 'portrait',
  refine: 'best',
  enhance: 'auto',
  foreground: 'best',
  decontaminate: 1,
};

async function matte(
  given: string[],
  options: Partial<MatteOptions> = {},
  signal = new AbortController().signal,
  reach = connect,
) {
  const recorder = recordTerminal();
  const all = { ...DEFAULTS, ...options };
  const context = { terminal: recorder.terminal, signal, connect: reach, env: { HAIRLINE_CACHE: cwd }, cwd };
  const code = await runMatte(given, all, context);
  return { code, out: recorder.out, err: recorder.err, lines: recorder.lines };
}

/** A picture of one gray. */
async function picture(name: string, level = 128, width = 40, height = 30) {
  const file = path.join(cwd, name);
  await mkdir(path.dirname(file), { recursive: true });
  const background = { r: level, g: level, b: level };
  await sharp({ create: { width, height, channels: 3, background } }).toFile(file);
  return file;
}

const inside = async (folder: string) =>
  ((await readdir(path.join(cwd, folder), { recursive: true }).catch(() => [])) as string[])
    .filter((name) => path.extname(name))
    .map((name) => name.split(path.sep).join('/'))
    .sort();

async function pixel(name: string) {
  const image = sharp(path.join(cwd, 'out', name));
  const { width, height, channels, depth } = await image.metadata();
  if (depth !== 'ushort')
    return { width, height, channels, first: [...(await image.raw().toBuffer()).subarray(0, channels)] };
  const deep = image.toColorspace(channels === 1 ? 'grey16' : 'rgb16').raw({ depth });
  const data = await deep.toBuffer();
  const samples = new Uint16Array(data.buffer, data.byteOffset, channels);
  return { width, height, channels, first: [...samples] };
}

const near = (value: number, slack = 2) => ({
  asymmetricMatch: (other: unknown) => Math.abs(Number(other) - value) <= slack,
});

describe('one picture', () => {
  test('gives alpha, composition on white, and foreground', async () => {
    await picture('a b.png');
    const { code, lines } = await matte(['a b.png']);
    expect(code).toBe(0);
    expect(lines.sort()).toEqual(
      ['alpha', 'composition', 'foreground'].map((kind) => path.join(cwd, 'out', `a b_${kind}.png`)),
    );
    expect(await inside('out')).toHaveLength(3);
    expect(await pixel('a b_alpha.png')).toEqual({ width: 40, height: 30, channels: 1, first: [near(128)] });
    const mixed = near((128 * 128 + 127 * 255) / 255, 3);
    expect(await pixel('a b_composition.png')).toMatchObject({ channels: 3, first: [mixed, mixed, mixed] });
    expect(await pixel('a b_foreground.png')).toMatchObject({ channels: 4 });
  });

  test('is judged for damage by the server alone, so that this is done once', async () => {
    const noise = Buffer.alloc(64 * 48 * 3).map((_, i) => (i * i * 7) % 251);
    const bytes = await sharp(noise, { raw: { width: 64, height: 48, channels: 3 } })
      .jpeg()
      .toBuffer();
    await writeFile(path.join(cwd, 'a.jpg'), bytes.subarray(0, bytes.length >> 1));
    expect(await matte(['a.jpg'])).toMatchObject({ code: 1, lines: [] });
    const credulous: Connect = async (...given) => {
      const connection = await connect(...given);
      const { matte: send } = connection;
      connection.matte = (request, tell) =>
        send.call(connection, { ...request, settings: { ...request.settings, 'allow-damaged': 'true' } }, tell);
      return connection;
    };
    const { code, lines } = await matte(['a.jpg'], {}, new AbortController().signal, credulous);
    expect({ code, files: lines.length }).toEqual({ code: 0, files: 3 });
  });

  test('leaves out what is not wanted', async () => {
    await picture('a.png');
    await matte(['a.png'], { saveForeground: false });
    expect(await inside('out')).toEqual(['a_alpha.png', 'a_composition.png']);
    await matte(['a.png'], { outputs: ['cutout'], outputDir: 'cut' });
    expect(await inside('cut')).toEqual(['a_cutout.png']);
  });

  test('is laid over a color, or over a picture that covers it', async () => {
    await picture('a.png', 0);
    await picture('sky.png', 200, 10, 100);
    await matte(['a.png'], { outputs: ['composition'], background: '#102030' });
    expect((await pixel('a_composition.png')).first).toEqual([16, 32, 48]);
    await matte(['a.png'], { outputs: ['composition'], background: 'sky.png', force: true, depth: 16 });
    expect(await pixel('a_composition.png')).toEqual({
      width: 40,
      height: 30,
      channels: 3,
      first: [near(200 * 257, 300), near(200 * 257, 300), near(200 * 257, 300)],
    });
  });

  test('has the depth, profile and resolution of the picture, and what is written about it', async () => {
    const samples = Uint16Array.from({ length: 40 * 30 * 3 }, (_, i) => 65535 - ((i * 37) % 9000));
    await sharp(samples, { raw: { width: 40, height: 30, channels: 3 } })
      .toColorspace('rgb16')
      .withMetadata({ density: 300 })
      .withIccProfile('p3')
      .withExif({ IFD0: { Artist: 'Anna' } })
      .png()
      .toFile(path.join(cwd, 'deep.png'));
    const info = (name: string) => sharp(path.join(cwd, name)).metadata();
    await matte(['deep.png'], { outputs: ['alpha', 'cutout', 'composition'] });
    const { icc } = await info('deep.png');
    for (const kind of ['cutout', 'composition']) {
      const result = await info(`out/deep_${kind}.png`);
      expect(result, kind).toMatchObject({ depth: 'ushort', density: 300, icc });
      expect(result.exif!.includes('Anna')).toBe(true);
    }
    expect(await info('out/deep_alpha.png')).toMatchObject({ depth: 'ushort', density: 300 });
    await matte(['deep.png'], { outputs: ['cutout'], profile: 'srgb', depth: 8, metadata: false, force: true });
    const plain = await info('out/deep_cutout.png');
    expect(plain).toMatchObject({ depth: 'uchar', density: 300 });
    expect(plain.icc).not.toEqual(icc);
    expect(plain.exif).toBeUndefined();
  });

  test('of a camera raw file is made from its preview, and the summary says so', async () => {
    const jpeg = await sharp({ create: { width: 1200, height: 20, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer();
    await writeFile(path.join(cwd, 'a.raf'), Buffer.concat([Buffer.from('FUJIFILMCCD-RAW 0201FF383501'), jpeg]));
    const { code, err } = await matte(['a.raf'], { outputs: ['alpha'] });
    expect(code).toBe(0);
    expect(err).toContain('1 picture is a camera raw file: the embedded JPEG preview was used.');
  });

  test('is cut to the subject and laid on a canvas, all results alike', async () => {
    const white = { create: { width: 10, height: 6, channels: 3 as const, background: '#fff' } };
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#000' } })
      .composite([{ input: await sharp(white).png().toBuffer(), left: 20, top: 12 }])
      .png()
      .toFile(path.join(cwd, 'a.png'));
    const outputs = ['alpha', 'cutout', 'composition'] as const;
    const sizes = async () =>
      Promise.all(outputs.map(async (kind) => sharp(path.join(cwd, 'out', `a_${kind}.png`)).metadata())).then((all) =>
        all.map(({ width, height }) => [width, height]),
      );
    await matte(['a.png'], { outputs: [...outputs], background: '#00f', trim: true });
    expect(await sizes()).toEqual([
      [10, 6],
      [10, 6],
      [10, 6],
    ]);
    const size = { width: 40, height: 40 };
    const framing = { trim: true, size, margin: { value: 5, isPercent: true }, align: { x: 0.5, y: 1 } };
    await matte(['a.png'], { outputs: [...outputs], background: '#00f', force: true, ...framing });
    expect(await sizes()).toEqual(outputs.map(() => [40, 40]));
    const { data } = await sharp(path.join(cwd, 'out', 'a_composition.png'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => [...data.subarray(3 * (40 * y + x)).subarray(0, 3)];
    // 36 x 22 pixels of the subject stand on the lower margin of 2; around it lies the background.
    expect([at(20, 30), at(1, 30), at(20, 10), at(20, 39)]).toEqual([
      [near(255), near(255), near(255)],
      [0, 0, 255],
      [0, 0, 255],
      [0, 0, 255],
    ]);
  });

  test('has a name by a template, which never leads to a picture', async () => {
    await picture('a.png', 200);
    const original = await readFile(path.join(cwd, 'a.png'));
    await matte(['a.png'], { outputs: ['cutout'], name: '{output}/shot {index}' });
    expect(await inside('out')).toEqual(['cutout/shot 1.png']);
    const beside = { outputs: ['cutout' as const], outputDir: '.', force: true };
    await expect(matte(['a.png'], { ...beside, name: '{name}' })).rejects.toThrow('would replace the picture');
    await expect(matte(['.'], { ...beside, name: '{name}_x' })).rejects.toThrow('must end with _{output}');
    await expect(matte(['a.png'], { ...beside, name: '../{name}' })).rejects.toThrow(UsageError);
    expect(await readFile(path.join(cwd, 'a.png'))).toEqual(original);
  });

  test('keeps 16 bits in PNG and TIFF', async () => {
    await picture('a.png');
    for (const format of ['png', 'tiff'] as const) {
      await matte(['a.png'], { format, depth: 16 });
      expect(await pixel(`a_alpha.${format}`)).toMatchObject({ channels: 1, first: [near(128 * 257, 300)] });
      expect(await pixel(`a_foreground.${format}`)).toMatchObject({ channels: 4 });
    }
  });

  test.each([8, 16] as const)('becomes a document of %i bits with a layer mask', async (depth) => {
    await sharp(await picture('plain.png'))
      .withMetadata({ density: 240 })
      .toFile(path.join(cwd, 'a ü.png'));
    const { lines } = await matte(['a ü.png'], { format: 'psd', depth });
    expect(lines).toEqual([path.join(cwd, 'out', 'a ü.psd')]);
    expect(await inside('out')).toEqual(['a ü.psd']);
    const file = readStrictly(await readFile(path.join(cwd, 'out', 'a ü.psd')));
    expect(file).toMatchObject({ version: 1, width: 40, height: 30, depth, dpi: 240 });
    expect(file.layers.map(({ name, isHidden }) => [name, isHidden])).toEqual([['a ü', false]]);
    const unit = depth === 16 ? 257 : 1;
    const first = (id: number) => file.layers[0]!.channels.get(id)!.samples[0];
    expect([first(-1), first(0)]).toEqual([255 * unit, 128 * unit]);
    expect(first(-2)).toEqual(near(128 * unit, 2 * unit));
  });

  test('gets the cut-out as a hidden layer where that is wanted', async () => {
    await picture('a.png');
    await matte(['a.png'], { format: 'psd', psdCutout: true });
    const { layers } = readStrictly(await readFile(path.join(cwd, 'out', 'a.psd')));
    expect(layers.map(({ name, isHidden }) => [name, isHidden])).toEqual([
      ['a', false],
      ['Subject - cutout', true],
    ]);
    expect(layers[1]!.channels.get(-1)!.samples[0]).toEqual(near(128));
  });
});

describe('--clipping-path', () => {
  const hasPath = (file: Buffer) => file.includes(Buffer.from('8BIM\x07\xd0\x08Hairline\0', 'latin1'));
  const load = (name: string) => readFile(path.join(cwd, 'out', name));

  test('goes into documents and color TIFFs, and into the picture itself', async () => {
    await picture('a.png', 255);
    await matte(['a.png'], { format: 'psd', clippingPath: true });
    await matte(['a.png'], { format: 'tiff', clippingPath: true, outputs: ['alpha', 'cutout', 'picture'] });
    for (const name of ['a.psd', 'a_cutout.tiff', 'a_picture.tiff']) expect(hasPath(await load(name)), name).toBe(true);
    expect(hasPath(await load('a_alpha.tiff'))).toBe(false);
    expect(await pixel('a_picture.tiff')).toMatchObject({ width: 40, height: 30, channels: 3, first: [255, 255, 255] });
    await matte(['a.png'], { format: 'psd', force: true });
    expect(hasPath(await load('a.psd'))).toBe(false);
  });

  test('lies where the subject is after --size', async () => {
    await picture('a.png', 255);
    const size = { width: 100, height: 200 };
    await matte(['a.png'], { format: 'tiff', clippingPath: true, outputs: ['picture'], size });
    const file = await load('a_picture.tiff');
    expect(await pixel('a_picture.tiff')).toMatchObject({ ...size, channels: 4, first: [0, 0, 0, 0] });
    const start = file.indexOf(Buffer.from('8BIM\x07\xd0', 'latin1')) + 20;
    const knots = file.readUInt16BE(start + 52 + 2);
    // 100 x 75 pixels in the middle: from 62.5 to 137.5 of 200.
    const tops = Array.from({ length: knots }, (_, i) => file.readInt32BE(start + 26 * (3 + i) + 10) / 2 ** 24);
    expect([Math.min(...tops), Math.max(...tops)]).toEqual([near(62.5 / 200, 0.01), near(137.5 / 200, 0.01)]);
  });

  test.each([
    ['png', { clippingPath: true }],
    ['a TIFF without colors', { clippingPath: true, format: 'tiff', outputs: ['alpha'] }],
    ['a tolerance alone', { pathTolerance: 2, format: 'psd' }],
  ] as const)('is refused with %s before anything is touched', async (_, options) => {
    await picture('a.png');
    await expect(matte(['a.png'], options as Partial<MatteOptions>)).rejects.toThrow(UsageError);
    expect(await inside('out')).toEqual([]);
  });
});

describe('--shadow', () => {
  test('lies under cutouts and compositions on their canvas, and under nothing else', async () => {
    const background = { r: 0, g: 0, b: 0 };
    const body = await sharp({ create: { width: 20, height: 40, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    const file = sharp({ create: { width: 60, height: 60, channels: 3, background } });
    await writeFile(
      path.join(cwd, 'a.png'),
      await file
        .composite([{ input: body, left: 20, top: 5 }])
        .png()
        .toBuffer(),
    );
    const outputs = ['alpha', 'cutout', 'foreground', 'composition'] as const;
    const options = { outputs: [...outputs], margin: { value: 20, isPercent: false } };
    await matte(['a.png'], { ...options, outputDir: 'plain' });
    await matte(['a.png'], { ...options, outputDir: 'cast', shadow: true, shadowOpacity: 0.8 });
    for (const output of outputs) {
      const [plain, cast] = await Promise.all(
        ['plain', 'cast'].map((folder) =>
          sharp(path.join(cwd, folder, `a_${output}.png`))
            .raw()
            .toBuffer(),
        ),
      );
      const isChanged = output === 'cutout' || output === 'composition';
      expect(plain!.equals(cast!), output).toBe(!isChanged);
    }
  });

  test.each([
    ['a psd', { shadow: true, format: 'psd' }],
    ['the alpha alone', { shadow: true, outputs: ['alpha'] }],
    ['its opacity alone', { shadowOpacity: 0.3 }],
  ] as const)('is refused with %s', async (_, options) => {
    await picture('a.png');
    await expect(matte(['a.png'], options as Partial<MatteOptions>)).rejects.toThrow(UsageError);
  });
});

describe('what results say of how they were made', () => {
  const alter = async (file: string, find: string, value: string) => {
    const bytes = await readFile(file);
    const at = bytes.indexOf(find);
    expect(at).toBeGreaterThan(0);
    // A PNG's checksums count: libvips reads on where they are wrong in a text, so the test needs none.
    await writeFile(file, Buffer.concat([bytes.subarray(0, at), Buffer.from(value), bytes.subarray(at + find.length)]));
  };
  const older = (file: string) => alter(file, `Version="${VERSION}"`, `Version="${VERSION.replace(/./g, '0')}"`);
  const redo = { redoOlder: true } as const;
  const times = async () =>
    Promise.all((await inside('out')).map(async (name) => (await stat(path.join(cwd, 'out', name))).mtimeMs));

  test.each([
    ['png', ['alpha', 'cutout', 'composition', 'foreground'], 16],
    ['tiff', ['alpha', 'cutout', 'composition', 'foreground'], 8],
    ['tiff', ['alpha', 'cutout'], 16],
    ['psd', undefined, 8],
    ['psd', undefined, 16],
  ] as const)(
    'is in %s files (%s, %i bits), with a hash that tells that nothing was changed',
    async (format, outputs, depth) => {
      await picture('a.png', 200);
      await matte(['a.png'], { format, depth, ...(outputs && { outputs: [...outputs] }) });
      for (const name of await inside('out')) {
        const result = await inspectResult(await readFile(path.join(cwd, 'out', name)));
        expect(result, name).toMatchObject({ isUntouched: true, provenance: { version: VERSION, model: 'stand-in' } });
        expect(result!.provenance.settings).toBe('refine=best subjects=all enhance=auto');
      }
      await matte(['a.png'], { format, force: true, provenance: false, ...(outputs && { outputs: [...outputs] }) });
      for (const name of await inside('out'))
        expect(await inspectResult(await readFile(path.join(cwd, 'out', name))), name).toBeNull();
    },
  );

  test('goes into the XMP of the picture, and takes the place of what an earlier result said', async () => {
    await picture('a.png', 200);
    await matte(['a.png'], { outputs: ['cutout'] });
    await writeFile(path.join(cwd, 'b.png'), await readFile(path.join(cwd, 'out', 'a_cutout.png')));
    await matte(['b.png'], { outputs: ['cutout'], refine: 'fast' });
    const { xmp } = await sharp(path.join(cwd, 'out', 'b_cutout.png')).metadata();
    expect(xmp!.toString().match(/hairline:Version=/g)).toHaveLength(1);
    expect(readProvenance(xmp!)!.settings).toContain('refine=fast');
  });

  test('--redo-older makes those anew that an earlier version made, and no other', async () => {
    await picture('a.png', 200);
    await picture('b.png', 200);
    await matte(['a.png', 'b.png'], { outputs: ['alpha', 'cutout'] });
    expect(await matte(['a.png', 'b.png'], { ...redo, outputs: ['alpha', 'cutout'] })).toMatchObject({ lines: [] });
    await older(path.join(cwd, 'out', 'a_alpha.png'));
    const before = await times();
    const { lines, err } = await matte(['a.png', 'b.png'], { ...redo, outputs: ['alpha', 'cutout'] });
    expect(lines.map((line) => path.basename(line)).sort()).toEqual(['a_alpha.png', 'a_cutout.png']);
    expect(err).toContain('1 picture done');
    const after = await times();
    expect(after.map((time, i) => time !== before[i])).toEqual([true, true, false, false]);
    const { provenance } = (await inspectResult(await readFile(path.join(cwd, 'out', 'a_alpha.png'))))!;
    expect(provenance.version).toBe(VERSION);
  });

  test('--redo-older leaves what someone painted on, and what does not say how it was made', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await picture(name, 200);
    await matte(['a.png', 'c.png'], { outputs: ['alpha'] });
    await matte(['b.png'], { outputs: ['alpha'], provenance: false });
    const file = path.join(cwd, 'out', 'a_alpha.png');
    const { xmp } = await sharp(file).metadata();
    const { data, info } = await sharp(file).toColorspace('b-w').raw().toBuffer({ resolveWithObject: true });
    data[5] = 255 - data[5]!;
    await sharp(data, { raw: { ...info, channels: 1 } })
      .toColorspace('b-w')
      .png()
      .withXmp(xmp!.toString().replace(`Version="${VERSION}"`, 'Version="0.0.1"'))
      .toFile(`${file}.new`);
    await rename(`${file}.new`, file);
    const { lines, err, code } = await matte(['a.png', 'b.png', 'c.png'], { ...redo, outputs: ['alpha'] });
    expect({ lines, code }).toEqual({ lines: [], code: 0 });
    expect(err).toContain(`${file}\n  It was changed since it was made, and stays.`);
    expect(err).toContain('b_alpha.png\n  It does not say how it was made, and stays.');
  });

  test('--redo-older leaves a document that another program has saved', async () => {
    await picture('a.png', 200);
    await matte(['a.png'], { format: 'psd' });
    const file = path.join(cwd, 'out', 'a.psd');
    await older(file);
    await alter(
      file,
      Buffer.from('Hairline', 'utf16le').swap16().toString('latin1'),
      Buffer.from('Saved by', 'utf16le').swap16().toString('latin1'),
    );
    expect((await matte(['a.png'], { ...redo, format: 'psd' })).err).toContain('It was changed since it was made');
    await matte(['a.png'], { format: 'psd', force: true });
    await older(file);
    expect((await matte(['a.png'], { ...redo, format: 'psd' })).lines).toEqual([file]);
  });

  test('a model that is none of today is older, whatever the version', async () => {
    await picture('a.png', 200);
    await matte(['a.png'], { outputs: ['alpha'] });
    await alter(path.join(cwd, 'out', 'a_alpha.png'), 'Model="stand-in"', 'Model="stand-by"');
    expect((await matte(['a.png'], { ...redo, outputs: ['alpha'] })).lines).toHaveLength(1);
  });
});

describe('a batch', () => {
  test('goes on past broken files, names them at the end, and ends with 1', async () => {
    await picture('in/a.png');
    await picture('in/sub dir/ü.jpg');
    await writeFile(path.join(cwd, 'in', 'broken.jpg'), 'not a picture');
    const whole = await readFile(await picture('in/sub dir/x.png', 90, 500, 400));
    await writeFile(path.join(cwd, 'in', 'torn.png'), whole.subarray(0, whole.length / 2));
    const { code, err, lines } = await matte(['in', 'gone.jpg']);
    expect(code).toBe(1);
    expect(lines).toHaveLength(9);
    expect(await inside('out')).toContain('sub dir/ü_alpha.png');
    expect(await inside('out')).not.toContain('broken_alpha.png');
    for (const name of ['broken.jpg', 'torn.png', 'gone.jpg'])
      expect(err).toContain(path.join(cwd, name === 'gone.jpg' ? '' : 'in', name));
    expect(err).toContain('3 pictures done, 3 failed');
    expect((await inside('out')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('skips what is done, without asking for a server, unless forced', async () => {
    await picture('in/a.png');
    await matte(['in']);
    const before = await stat(path.join(cwd, 'out', 'a_alpha.png'));
    const second = await matte(['in']);
    expect(second).toMatchObject({ code: 0, out: '' });
    expect(second.err).toContain('1 picture skipped');
    expect(connections).toBe(1);
    await rm(path.join(cwd, 'out', 'a_foreground.png'));
    expect((await matte(['in'])).lines).toHaveLength(3);
    await matte(['in'], { force: true });
    expect(connections).toBe(3);
    expect((await stat(path.join(cwd, 'out', 'a_alpha.png'))).mtimeMs).toBeGreaterThan(before.mtimeMs);
  });

  test('is told what to look for, and says once that it waits for the model', async () => {
    await picture('in/a.png');
    await picture('in/b.png');
    const asked: unknown[] = [];
    class Patient extends Connection {
      override matte(...[request, onDownload]: Parameters<Connection['matte']>) {
        asked.push(request.subject);
        onDownload?.('The model is being downloaded.');
        return super.matte(request);
      }
    }
    const slow: Connect = async (wanted, _config, _terminal, signal) => {
      asked.push(wanted);
      return new Patient(server.url, signal);
    };
    const { code, err } = await matte(['in'], { subject: 'object' }, undefined, slow);
    expect(code).toBe(0);
    expect(asked).toEqual([{ model: 'auto', subject: 'object', refine: 'best' }, 'object', 'object']);
    expect(err.match(/The model is being downloaded/g)).toHaveLength(1);
  });

  test('can be told in JSON', async () => {
    await picture('a.png');
    const { out } = await matte(['a.png', 'gone.png'], { json: true, outputs: ['alpha'] });
    expect(JSON.parse(out)).toEqual({
      written: [path.join(cwd, 'out', 'a_alpha.png')],
      skipped: 0,
      empty: [],
      previews: [],
      twins: [],
      failed: [expect.objectContaining({ location: path.join(cwd, 'gone.png') })],
    });
  });

  test('says so when a folder has no pictures', async () => {
    await mkdir(path.join(cwd, 'empty'));
    expect((await matte(['empty'])).err).toContain('No pictures found');
  });

  test('stops when interrupted, with nothing half written', async () => {
    for (let i = 0; i < 6; i++) await picture(`in/${i}.png`, 100, 600, 600);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 150);
    const { code, err } = await matte(['in'], {}, stop.signal);
    expect(code).toBe(130);
    expect(err).toContain('Stopped');
    const left = await inside('out');
    expect(left.length).toBeLessThan(18);
    for (const name of left) await sharp(path.join(cwd, 'out', name)).stats();
  });

  test('explains each picture when the server is gone', async () => {
    await picture('a.png');
    const dead: Connect = async (_m, _c, _t, signal) => new Connection('http://127.0.0.1:1', signal);
    const { terminal } = recordTerminal();
    const signal = new AbortController().signal;
    expect(await runMatte(['a.png'], DEFAULTS, { terminal, signal, connect: dead, env: {}, cwd })).toBe(1);
  });
});

describe('web addresses', () => {
  let web: Server;
  let url: string;
  let proxy: TestProxy;

  beforeAll(async () => {
    const body = await sharp({ create: { width: 20, height: 20, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    web = createServer((request, response) => {
      if (request.url === '/moved') return response.writeHead(302, { location: '/photo%20one.png' }).end();
      if (request.url === '/huge') return response.writeHead(200, { 'content-length': 2 ** 40 }).end();
      if (request.url?.startsWith('/photo')) return response.end(body);
      return response.writeHead(404).end('<html>');
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    proxy = await startProxy(() => (web.address() as AddressInfo).port);
    vi.stubEnv('npm_config_https_proxy', proxy.url);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    proxy.close();
    web.closeAllConnections();
    web.close();
  });

  test('are fetched, redirects followed, failures explained', async () => {
    const given = ['/photo%20one.png?w=1', '/moved', '/none.jpg', '/huge'].map((p) => url + p);
    const { code, err } = await matte(given, { outputs: ['alpha'] });
    expect(code).toBe(1);
    expect(await inside('out')).toEqual(['moved_alpha.png', 'photo one_alpha.png']);
    expect(err).toContain('answered 404');
    expect(err).toContain('larger than Hairline accepts');
    expect(proxy.asked).toEqual([]);
  });

  test('are fetched through the proxy that downloads of models use', async () => {
    const { code } = await matte(['http://pictures.example/photo.png'], { outputs: ['alpha'] });
    expect(code).toBe(0);
    expect(proxy.asked).toEqual(['http://pictures.example/photo.png']);
    expect(await inside('out')).toEqual(['photo_alpha.png']);
  });
});

describe('what is passed on to the server', () => {
  const WIDTH = 80;
  /** The stand-in network finds what is bright: two white squares on black, the right one larger. */
  const squares = async () => {
    const data = Buffer.alloc(3 * WIDTH * 40);
    for (let i = 0; i < WIDTH * 40; i++) {
      const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
      if ((x > 8 && x < 22 && y > 10 && y < 24) || (x > 46 && x < 70 && y > 8 && y < 32))
        data.fill(255, 3 * i, 3 * i + 3);
    }
    await sharp(data, { raw: { width: WIDTH, height: 40, channels: 3 } })
      .png()
      .toFile(path.join(cwd, 'a.png'));
  };
  const found = async (options: Partial<MatteOptions>) => {
    const { code } = await matte(['a.png'], { outputs: ['alpha'], force: true, ...options });
    expect(code).toBe(0);
    const data = await sharp(path.join(cwd, 'out', 'a_alpha.png'))
      .toColorspace('b-w')
      .raw()
      .toBuffer();
    return [data[17 * WIDTH + 15]!, data[20 * WIDTH + 58]!].map((value) => value > 200);
  };

  test('region, subjects and point', async () => {
    await squares();
    expect(await found({})).toEqual([true, true]);
    expect(await found({ subjects: 'largest' })).toEqual([false, true]);
    expect(await found({ point: '10,35' })).toEqual([true, false]);
    expect(await found({ region: '0,0,40,40' })).toEqual([true, false]);
    const outside = await matte(['a.png'], { outputs: ['alpha'], force: true, region: '50,0,40,40' });
    expect(outside.code).toBe(1);
    expect(outside.err).toContain('does not lie inside the picture of 80 x 40');
  });
});

test.each([
  ['a hidden layer in a format without layers', { format: 'tiff', psdCutout: true }],
  ['outputs of a layered document', { format: 'psd', outputs: ['alpha'] }],
  ['a background that is nothing', { background: 'blurple' }],
  ['a model that is not there', { model: 'nope' }],
  ['the body at a point, without the point', { subjects: 'point' }],
  ['a point, for the largest body', { subjects: 'largest', point: '1,1' }],
] as const)('%s is a usage error, before anything is done', async (_, options) => {
  await picture('a.png');
  await expect(matte(['a.png'], options as Partial<MatteOptions>)).rejects.toThrow(UsageError);
  expect(connections).toBe(0);
});

describe('--mask', () => {
  /** White in its left half. */
  async function mask(name: string, width = 40) {
    const data = Uint8Array.from({ length: width * 30 }, (_, i) => (i % width < width / 2 ? 255 : 0));
    await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
    await sharp(data, { raw: { width, height: 30, channels: 1 } }).toFile(path.join(cwd, name));
  }

  test('keeps what lies away from its edge', async () => {
    await picture('a.png');
    await mask('m.png');
    const { code } = await matte(['a.png'], { mask: 'm.png', outputs: ['alpha'] });
    expect(code).toBe(0);
    const alpha = await sharp(path.join(cwd, 'out', 'a_alpha.png'))
      .extractChannel(0)
      .raw()
      .toBuffer();
    expect([alpha[0], alpha[39]]).toEqual([255, 0]);
  });

  test('is found by name in a folder, and its lack is told', async () => {
    await picture('a.png');
    await picture('b.png');
    await mask('masks/a.png');
    const { code, err } = await matte(['a.png', 'b.png'], { mask: 'masks', outputs: ['alpha'] });
    expect(code).not.toBe(0);
    expect(err).toContain('There is no mask called b');
    expect(await inside('out')).toEqual(['a_alpha.png']);
  });

  test('of another size fails with both sizes', async () => {
    await picture('a.png');
    await mask('m.png', 42);
    const { err } = await matte(['a.png'], { mask: 'm.png' });
    expect(err).toContain('The mask has 42 x 30 pixels, but the picture 40 x 30');
  });

  test('is refused before anything is done where it does not exist, is one for two, or meets another choice', async () => {
    await picture('a.png');
    await picture('b.png');
    await mask('m.png');
    await expect(matte(['a.png'], { mask: 'none.png' })).rejects.toThrow(UsageError);
    await expect(matte(['a.png', 'b.png'], { mask: 'm.png' })).rejects.toThrow(UsageError);
    await expect(matte(['a.png'], { mask: 'm.png', subjects: 'largest' })).rejects.toThrow(UsageError);
    expect(connections).toBe(0);
  });
});
