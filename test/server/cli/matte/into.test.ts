import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type LayerMaskData, readPsd } from 'ag-psd';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Connection } from '../../../../server/cli/matte/connection.ts';
import type { MatteOptions } from '../../../../server/cli/matte/options.ts';
import { runMatte } from '../../../../server/cli/matte/run-matte.ts';
import { UsageError } from '../../../../server/cli/terminal.ts';
import { listResources } from '../../../../server/imaging/psd/read-resources.ts';
import { bufferSource } from '../../../../server/imaging/psd/source.ts';
import { readStructure } from '../../../../server/imaging/psd/structure.ts';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { makePsd } from '../../imaging/psd/make-psd.ts';
import '../../imaging/psd/no-canvas.ts';
import { recordTerminal } from '../recorder.ts';

// The stand-in's alpha is the layer's brightness.
let server: StandInServer;
let cwd: string;

beforeAll(async () => {
  server = await startStandInServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  cwd = await mkdtemp(path.join(os.tmpdir(), 'hairline into ü '));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const DEFAULTS: MatteOptions = {
  ...{ outputDir: 'out', saveForeground: true, format: 'png', depth: 8, background: 'white', subject: 'portrait' },
  ...{ refine: 'best', enhance: 'auto', foreground: 'best', decontaminate: 1, into: 'psd' },
} as MatteOptions;

async function matte(given: string[], options: Partial<MatteOptions> = {}) {
  const recorder = recordTerminal();
  const { signal } = new AbortController();
  const connect = async () => new Connection(server.url, signal);
  const context = { terminal: recorder.terminal, signal, connect, env: { HAIRLINE_CACHE: cwd }, cwd };
  const code = await runMatte(given, { ...DEFAULTS, ...options }, context);
  return { code, err: recorder.err, lines: recorder.lines };
}

/** A dark Background below a bright layer, and a hidden one. */
async function document(name: string) {
  const [width, height] = [40, 30];
  const flat = (value: number) => Array(width * height).fill(value);
  const part = (value: number) => Array(20 * 10).fill(value);
  const layers = [
    { name: 'Background', bounds: [0, 0, height, width] as const, channels: { 0: flat(60), 1: flat(60), 2: flat(60) } },
    {
      name: 'Model',
      bounds: [5, 10, 15, 30] as const,
      channels: { [-1]: part(255), 0: part(200), 1: part(200), 2: part(200), [-2]: [7] },
      mask: { bounds: [0, 0, 1, 1] as const, outside: 255 },
    },
  ];
  const file = path.join(cwd, name);
  await writeFile(file, makePsd({ width, height, depth: 8, mode: 3, merged: [flat(1), flat(2), flat(3)], layers }));
  return file;
}

/** The stand-in may be a level off. */
const level = ({ imageData }: LayerMaskData) => Math.round(imageData!.data[0]! / 10) * 10;

const look = async (file: string) => readPsd(await readFile(file), { useImageData: true });

describe('hairline matte --into psd', () => {
  test('writes a new document with a mask on the lowest visible pixel layer, and skips it the next time', async () => {
    const original = await readFile(await document('a.psd'));
    expect(await matte(['a.psd'])).toMatchObject({ code: 0 });
    const { children = [] } = await look(path.join(cwd, 'out', 'a_masked.psd'));
    expect(children.map(({ name, mask }) => [name, level(mask!)])).toEqual([
      ['Background', 60],
      ['Model', 10],
    ]);
    expect(await readFile(path.join(cwd, 'a.psd'))).toEqual(original);
    const again = await matte(['a.psd']);
    expect(again.err).toContain('1 picture skipped');
  });

  test('masks the layer that is named, keeps its old mask as a channel, and replaces the document only if told to', async () => {
    const file = await document('a.psd');
    await chmod(file, 0o640);
    if (process.platform !== 'win32') await symlink(file, path.join(cwd, 'link.psd'));
    const name = process.platform === 'win32' ? 'a.psd' : 'link.psd';
    expect(await matte([name], { layer: 'Model', inPlace: true })).toMatchObject({ code: 0 });
    const { children = [], imageResources, channels } = await look(file);
    expect(children[0]!.mask).toBeUndefined();
    expect(children[1]!.mask).toMatchObject({ top: 5, left: 10, bottom: 15, right: 30, defaultColor: 0 });
    expect(level(children[1]!.mask!)).toBe(200);
    expect(imageResources!.alphaChannelNames).toEqual(['Model mask']);
    expect(channels).toBe(4);
    expect((await readdir(cwd)).filter((entry) => entry.includes('part'))).toEqual([]);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect(existsSync(path.join(cwd, 'out'))).toBe(false);
  });

  test('saves the outline as clipping path where the layer lies, and a second one beside the first', async () => {
    const file = await document('a.psd');
    const options = { layer: 'Model', inPlace: true, clippingPath: true };
    expect((await matte(['a.psd'], options)).err).not.toContain('keeps its clipping path');
    expect((await matte(['a.psd'], options)).err).toContain(
      'It keeps its clipping path; the new path is saved beside it',
    );
    const bytes = await readFile(file);
    const source = bufferSource(bytes);
    const resources = await listResources(source, (await readStructure(source)).resources);
    const paths = resources.filter(({ id }) => id >= 2000);
    expect(paths.map(({ id, name }) => [id, name])).toEqual([
      [2000, 'Hairline'],
      [2999, ''],
      [2001, 'Hairline 2'],
    ]);
    const data = bytes.subarray(paths[0]!.data.start, paths[0]!.data.end);
    // Its layer is bright all over: from 10 to 30 of 40 columns, from 5 to 15 of 30 rows.
    const knots = Array.from({ length: data.readUInt16BE(54) }, (_, i) => 26 * (3 + i));
    const range = (at: number) => knots.map((knot) => data.readInt32BE(knot + at) / 2 ** 24);
    const box = [
      Math.min(...range(14)) * 40,
      Math.max(...range(14)) * 40,
      Math.min(...range(10)) * 30,
      Math.max(...range(10)) * 30,
    ];
    for (const [i, side] of [10, 30, 5, 15].entries()) expect(Math.abs(box[i]! - side)).toBeLessThan(1);
  });

  test('takes a rough mask of the size of the document, or of the layer', async () => {
    await document('a.psd');
    const gray = (width: number, height: number) => {
      const image = sharp({ create: { width, height, channels: 3, background: 'black' } });
      const white = { create: { width: width / 2, height, channels: 3 as const, background: 'white' } };
      return image.composite([{ input: white, left: 0, top: 0 }]).png();
    };
    await gray(40, 30).toFile(path.join(cwd, 'canvas.png'));
    await gray(20, 10).toFile(path.join(cwd, 'layer.png'));
    await gray(8, 8).toFile(path.join(cwd, 'other.png'));
    const masked = async (mask: string) => {
      const { code, err } = await matte(['a.psd'], { layer: 'Model', mask, force: true });
      if (code !== 0) return err;
      const { children = [] } = await look(path.join(cwd, 'out', 'a_masked.psd'));
      const { width, data } = children[1]!.mask!.imageData!;
      // Away from the edge the mask counts, whatever the network says.
      return [1, 18].map((x) => data[4 * (5 * width + x)]);
    };
    expect(await masked('layer.png')).toEqual([255, 0]);
    // The layer lies from 10 to 30 of 40.
    expect(await masked('canvas.png')).toEqual([255, 0]);
    expect(await masked('other.png')).toContain('8 x 8 pixels, layer "Model" 20 x 10, the document 40 x 30.');
  });

  test('says what it cannot mask and why, and leaves those files as they are', async () => {
    const file = await document('a.psd');
    const original = await readFile(file);
    await writeFile(path.join(cwd, 'cut.psd'), original.subarray(0, 200));
    await writeFile(path.join(cwd, 'b.jpg'), 'no document');
    const { code, err } = await matte(['a.psd', 'cut.psd', 'b.jpg'], { layer: 'Modell', inPlace: true });
    expect(code).toBe(1);
    expect(err).toContain('It has no layer named "Modell". Its layers are "Background", "Model".');
    expect(err).toContain('The picture is damaged or incomplete');
    expect(err).toContain('It is no Photoshop document.');
    expect(await readFile(file)).toEqual(original);
    expect((await readdir(cwd)).sort()).toEqual(['a.psd', 'b.jpg', 'cut.psd']);
  });

  test('refuses options that do not go together', async () => {
    await expect(matte(['a.psd'], { format: 'tiff' })).rejects.toThrow(UsageError);
    await expect(matte(['a.psd'], { into: undefined as never, layer: 'Model' })).rejects.toThrow(UsageError);
  });
});
