import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../../server/system/package-root.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hairline-quiet-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('ONNX Runtime keeps no identifier of this computer and no store of events', () => {
  const [home, temporary] = ['home', 'temporary'].map((name) => path.join(folder, name)) as [string, string];
  for (const made of [home, temporary]) mkdirSync(made);
  const model = path.join(folder, 'stand-in.onnx');
  writeFileSync(model, buildStandIn(8).onnx);
  const built = pathToFileURL(path.join(packageRoot, 'dist', 'server', 'inference', 'ort-session.js')).href;
  const script = `import { readFileSync } from 'node:fs'; import { createOrtSession } from '${built}';
    const session = await createOrtSession(readFileSync(process.argv[1]), 'cpu', { threads: 1, dimensions: {} });
    await session.run({ input: { data: new Float32Array(192), dims: [1, 3, 8, 8] } }, ['output']); console.log('ran')`;
  // In build services it says nothing by itself, and a user's computer is none.
  const { CI: _, GITHUB_ACTIONS: __, TF_BUILD: ___, ...rest } = process.env;
  const env = { ...rest, HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), TMPDIR: temporary };
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, model], {
    env: { ...env, ORT_DISABLE_TELEMETRY: '0' },
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stdout, stderr).toBe('ran\n');
  expect(readdirSync(home)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});
