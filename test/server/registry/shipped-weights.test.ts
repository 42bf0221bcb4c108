import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createModelRegistry } from '../../../server/registry/cached-registry.ts';
import { packageRoot } from '../../../server/system/package-root.ts';

let folder: string;
const shipped = Buffer.from('weights that came with Hairline');

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hairline-shipped-'));
  const modnet = JSON.parse(readFileSync(path.join(packageRoot, 'models', 'modnet', 'model.json'), 'utf8'));
  const sha256 = createHash('sha256').update(shipped).digest('hex');
  const weights = { ...modnet.weights, bytes: shipped.length, sha256 };
  const models = path.join(folder, 'models', 'modnet');
  mkdirSync(models, { recursive: true });
  writeFileSync(path.join(models, 'model.json'), JSON.stringify({ ...modnet, weights }));
  writeFileSync(path.join(models, modnet.weights.file), shipped);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open() {
  const registry = createModelRegistry({
    modelsDirs: [path.join(folder, 'models')],
    cacheDir: path.join(folder, 'cache'),
    defaultModel: 'modnet',
  });
  return { registry, spec: registry.resolve('modnet') };
}

it('reads weights that lie beside their spec, without a download', async () => {
  const { registry, spec } = open();
  expect(await registry.isInstalled(spec)).toBe(true);
  expect(await registry.place(spec)).toBe('shipped');
  expect(Buffer.from(await registry.readWeights(spec))).toEqual(shipped);
});

it('refuses shipped weights of the right size whose checksum is wrong', async () => {
  const { registry, spec } = open();
  const file = path.join(folder, 'models', 'modnet', spec.weights.file);
  writeFileSync(file, Buffer.from(shipped).fill(1, 3, 4));
  await expect(registry.readWeights(spec)).rejects.toMatchObject({ code: 'WEIGHTS_CORRUPT' });
});

it('never deletes shipped weights', async () => {
  const { registry, spec } = open();
  await registry.remove(spec);
  expect(await registry.isInstalled(spec)).toBe(true);
});
