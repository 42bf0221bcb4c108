import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { importGraphDef } from '../../../../models/import/import-graph.ts';
import { addModel, pull } from '../../../../server/cli/models/install.ts';
import { listModels } from '../../../../server/cli/models/models.ts';
import type { ModelsContext } from '../../../../server/cli/models/state.ts';
import { verifyModel } from '../../../../server/cli/models/verify.ts';
import { loadConfig } from '../../../../server/config/config.ts';
import { createModelRegistry } from '../../../../server/registry/cached-registry.ts';
import type { ModelSpec } from '../../../../server/registry/spec/model-spec.ts';
import { builtInModelsDir } from '../../../../server/registry/spec/spec-loader.ts';
import { status } from '../../registry/faulty-server.ts';
import { type ModelHost, startModelHost } from '../../registry/model-host.ts';
import { conversion, fixture, fixturePath, LISTING, MATTE, publishStandIn } from '../../registry/stand-in-weights.ts';
import { tinyBytes } from '../../registry/tiny-model.ts';
import { recordTerminal } from '../recorder.ts';

let home: string;
let host: ModelHost;
const { signal } = new AbortController();

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'hairline models ä '));
  host = await startModelHost();
});

afterEach(async () => {
  await host.close();
  await rm(home, { recursive: true, force: true });
});

type Recorded = ModelsContext & { recorder: ReturnType<typeof recordTerminal> };

/** The commands' world, with a stand-in for BSHM as the only model. */
async function standIn(graph?: string): Promise<Recorded> {
  return world([await publishStandIn(host, path.join(home, 'specs'), graph)]);
}

function world(modelsDirs: string[], defaultModel = 'bshm'): Recorded {
  const recorder = recordTerminal();
  const config = { ...loadConfig({ model: defaultModel, device: 'cpu' }, {}), cacheDir: path.join(home, 'cache') };
  const env = { ...process.env, HAIRLINE_MODELSCOPE_ENDPOINT: host.url };
  const registry = createModelRegistry({ modelsDirs, cacheDir: config.cacheDir, defaultModel, env, retryDelays: [1] });
  return { config, terminal: recorder.terminal, registry, recorder };
}

async function file(name: string, bytes: Uint8Array | string): Promise<string> {
  const target = path.join(home, name);
  await writeFile(target, bytes);
  return target;
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('should have failed'),
    (error) => error,
  );

describe('add', () => {
  test('takes a TensorFlow graph', async () => {
    const context = await standIn();
    await addModel(fixturePath('bshm-half-unfused.pb'), 'bshm', context);
    const spec = context.registry.resolve('bshm');
    expect(await context.registry.isInstalled(spec)).toBe(true);
    expect(await context.registry.manifest(spec)).toMatchObject({ source: 'file', origin: 'bshm-half-unfused.pb' });
    expect(context.recorder.err).toContain('BSHM is installed from bshm-half-unfused.pb');
    expect(context.recorder.err).toContain('hairline models verify bshm');
  });

  test('takes an ONNX conversion of any size and with any name for its output', async () => {
    const context = await standIn();
    const { onnx } = importGraphDef(await fixture('bshm-corners-folded.pb'));
    await addModel(await file('Mine.ONNX', onnx), 'bshm', context);
    expect(await context.registry.isInstalled(context.registry.resolve('bshm'))).toBe(true);
  });

  test.each<[string, string, Uint8Array | string, string]>([
    ['a text', 'model.onnx', 'hello, this is not a model', 'cannot be used as "BSHM"'],
    ['a broken graph', 'model.pb', 'hello, this is not a model', 'cannot be used as "BSHM"'],
    [
      'another network',
      'isnet.onnx',
      tinyBytes(),
      'does not fit: its input "input" is 1 x 3 x 8 x 8, and 768 x 640 x 3 is needed',
    ],
    [
      'a picture',
      'photo.jpg',
      'JFIF',
      'its name ends in ".jpg", and a file that ends in .pb (a frozen TensorFlow graph) or .onnx is needed',
    ],
    ['nothing', 'empty.onnx', '', 'is empty'],
  ])('refuses %s', async (_, name, bytes, sentence) => {
    const context = await standIn();
    const error = await failure(addModel(await file(name, bytes), 'bshm', context));
    expect(error).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining(sentence) });
    expect(await context.registry.isInstalled(context.registry.resolve('bshm'))).toBe(false);
  });

  test('refuses a file that is not there, a folder, and an unknown model', async () => {
    const context = await standIn();
    expect((await failure(addModel(path.join(home, 'none.pb'), 'bshm', context))).message).toContain(
      'There is no file',
    );
    expect((await failure(addModel(home, 'bshm', context))).message).toContain('is not a file');
    expect(await failure(addModel('x.pb', 'nope', context))).toMatchObject({ code: 'UNKNOWN_MODEL' });
  });

  test('refuses whatever is not the published file of a model with a known checksum', async () => {
    const context = world([builtInModelsDir], 'isnet');
    const error = await failure(addModel(await file('isnet.onnx', tinyBytes()), 'isnet', context));
    expect(error).toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('verify', () => {
  // The third stand-in reads its picture from corner to corner (align_corners). Enlarged fourfold, as the photo is here,
  // that is half a pixel beside our grid, and a network of random weights makes 5/255 of it; the importer's tests have it.
  test.each(['bshm-legacy-fused', 'bshm-half-unfused'])(
    'the imported %s computes what TensorFlow computed',
    async (graph) => {
      const context = await standIn(graph);
      await addModel(fixturePath(`${graph}.pb`), 'bshm', context);
      expect(await verifyModel('bshm', { device: 'cpu' }, context, signal)).toBe(0);
      expect(context.recorder.lines).toEqual([
        expect.stringMatching(/^photo\.png: mean absolute difference 0\.00\d+ = \d\.\d\d\/255$/),
        expect.stringMatching(/^bshm reproduces the published results: at most \d\.\d\d\/255, limit 1\.99\/255\.$/),
      ]);
    },
  );

  test('the downloaded ONNX conversion does so too', async () => {
    const context = await standIn();
    host.faults.set(LISTING, status(500));
    await context.registry.pull(context.registry.resolve('bshm'));
    expect(host.asked).toContain(conversion(18));
    expect(await verifyModel('bshm', { device: 'cpu' }, context, signal)).toBe(0);
  });

  test('another network is found out', async () => {
    const context = await standIn('bshm-legacy-fused');
    await addModel(fixturePath('bshm-half-unfused.pb'), 'bshm', context);
    expect(await verifyModel('bshm', { device: 'cpu' }, context, signal)).toBe(1);
    expect(context.recorder.out).toContain('bshm does NOT reproduce the published results');
  });

  test('channels in the wrong order are found out', async () => {
    await standIn();
    const specFile = path.join(home, 'specs', 'bshm', 'model.json');
    const spec = JSON.parse(await readFile(specFile, 'utf8')) as ModelSpec;
    spec.verify!.pairs[0]!.channels = 'BGR';
    await writeFile(specFile, JSON.stringify(spec));
    const context = world([path.join(home, 'specs')]);
    await addModel(fixturePath('bshm-legacy-fused.pb'), 'bshm', context);
    await verifyModel('bshm', { device: 'cpu' }, context, signal);
    const swapped = Number(/difference (\S+)/.exec(context.recorder.out)?.[1]);
    const straight = await standIn();
    await verifyModel('bshm', { device: 'cpu' }, straight, signal);
    expect(swapped).toBeGreaterThan(2 * Number(/difference (\S+)/.exec(straight.recorder.out)?.[1]));
  });

  test('works without a network from a folder, and only with the published files', async () => {
    const context = await standIn();
    await addModel(fixturePath('bshm-legacy-fused.pb'), 'bshm', context);
    const before = host.asked.length;
    await file('photo.png', await fixture('photo.png'));
    const verify = () => verifyModel('bshm', { from: home, device: 'cpu' }, context, signal);
    expect((await failure(verify())).message).toContain('photo.png_mask.png is not there. It is published at');
    await file('photo.png_mask.png', await fixture('bshm-half-unfused.png'));
    expect((await failure(verify())).message).toContain('is not the published file: it has');
    await file('photo.png_mask.png', await fixture('bshm-legacy-fused.png'));
    expect(await verify()).toBe(0);
    expect(host.asked.length).toBe(before);
  });

  test('says what cannot be downloaded, or is not installed', async () => {
    const context = await standIn();
    expect(await failure(verifyModel('bshm', { device: 'cpu' }, context, signal))).toMatchObject({
      code: 'WEIGHTS_MISSING',
    });
    await addModel(fixturePath('bshm-legacy-fused.pb'), 'bshm', context);
    host.faults.set(MATTE, status(404));
    expect((await failure(verifyModel('bshm', { device: 'cpu' }, context, signal))).message).toContain(
      `${host.url}${MATTE} could not be downloaded: the server answered 404 (not found).`,
    );
    const isnet = world([builtInModelsDir], 'isnet');
    expect((await failure(verifyModel('isnet', { device: 'cpu' }, isnet, signal))).message).toContain('no published');
  });
});

describe('pull', () => {
  test('a small download is begun without a question', async () => {
    const context = await standIn();
    expect(await pull('bshm', {}, context, signal)).toBe(0);
    const { err } = context.recorder;
    expect(err).toContain('Source: ModelScope (iic/cv_unet_image-matting)');
    expect(err).toContain('License: unknown, https://www.modelscope.cn/models/iic/cv_unet_image-matting');
    expect(err).toContain('Read the license');
  });

  test.each<[string, ModelHost['faults']]>([
    ['large', new Map([[LISTING, (_, response) => response.end(LARGE)]])],
    [
      'of unknown size',
      new Map([
        [LISTING, status(404)],
        [conversion(18), status(405)],
      ]),
    ],
  ])('a download that is %s is asked for', async (_, faults) => {
    const context = await standIn();
    for (const fault of faults) host.faults.set(...fault);
    expect((await failure(pull('bshm', {}, context, signal))).message).toContain('--yes');
    expect(await context.registry.isInstalled(context.registry.resolve('bshm'))).toBe(false);
  });
});

const LARGE = JSON.stringify({
  Data: { Files: [{ Path: 'tf_graph.pb', Size: 205_000_000, Sha256: 'a'.repeat(64) }] },
});

test('the list says what a model costs, may be used for, and is not known to do', async () => {
  const context = world([builtInModelsDir], 'isnet');
  await listModels(context);
  const { out, err } = context.recorder;
  expect(out).toMatch(/^bshm .* unknown .* not downloaded .* \? .*unverified$/m);
  expect(out).toMatch(/^rvm .* GPL-3\.0-only .* 15 MB$/m);
  expect(out).toMatch(/^modnet .* unverified$/m);
  expect(out).toMatch(/^isnet .* MIT .* 113 MB .*default$/m);
  expect(err).toContain('rvm: Robust Video Matting is published under the GNU General Public License 3.0');
  expect(err).toContain('modnet: Unverified.');
});
