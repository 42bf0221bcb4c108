import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DataType, encodeOnnx } from '../../../models/import/onnx-schema.ts';
import type { Attempt } from '../../../server/inference/choose-session.ts';
import { readFreeDimensions } from '../../../server/inference/free-dimensions.ts';
import { type LoadOptions, loadSession } from '../../../server/inference/load-session.ts';
import { runProbe } from '../../../server/inference/probe.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';

const { spec, onnx } = buildStandIn(64);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hairline-providers-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function load(options: Partial<LoadOptions>, weights = onnx) {
  const seen: Attempt[] = [];
  const session = await loadSession(spec, weights, {
    device: 'cpu',
    threads: 1,
    strict: false,
    recheck: false,
    cacheDir: folder,
    onAttempts: (attempts) => seen.push(...attempts),
    ...options,
  }).catch((error: Error) => error);
  return { session, attempts: seen };
}

test('the CPU runs a network for real', async () => {
  const { session, attempts } = await load({});
  if (session instanceof Error) throw session;
  expect(session).toMatchObject({ provider: 'cpu', reason: null });
  expect(attempts).toMatchObject([{ provider: 'cpu', outcome: 'used', load: expect.any(Number) }]);
  // The middle of the drawn face: the mean of R, G and B of the skin.
  const answer = await runProbe(session, spec);
  expect(answer[26 * 64 + 29]).toBeCloseTo((224 + 178 + 150) / 3 / 255, 3);
  await session.dispose();
});

test('a provider of another platform is refused with its reason', async () => {
  const device = process.platform === 'darwin' ? 'dml' : 'coreml';
  const { session } = await load({ device });
  expect(session).toMatchObject({
    code: 'INFERENCE_FAILED',
    message: expect.stringMatching(/on the GPU: ONNX Runtime has no \w+ for/),
  });
});

test('weights that are no network fail with a plain sentence', async () => {
  const { session, attempts } = await load({}, new Uint8Array(100).fill(7));
  expect(session).toMatchObject({
    code: 'INFERENCE_FAILED',
    message: expect.stringContaining('CPU cannot read the model'),
  });
  expect(attempts).toMatchObject([{ outcome: 'refused', detail: expect.any(String) }]);
});

test('dimensions that the graph leaves open are fixed before it is loaded', async () => {
  const open = buildOpenGraph();
  expect(readFreeDimensions(open, spec)).toEqual({ batch: 1, height: 64, width: 64 });
  expect(readFreeDimensions(onnx, spec)).toEqual({});
  expect(readFreeDimensions(open.subarray(0, open.length - 5), spec)).toEqual({});
  const { session } = await load({}, open);
  if (session instanceof Error) throw session;
  expect((await runProbe(session, spec)).length).toBe(64 * 64);
  await session.dispose();
});

test('WebGPU gives the answer of the CPU, where it runs', async (context) => {
  const found = tryWebGpu();
  if (found !== 'runs') return context.skip(`WebGPU does not run here: ${found}`);
  const first = await load({ device: 'webgpu' });
  expect(first.attempts).toMatchObject([{ provider: 'webgpu', outcome: 'used', difference: expect.anything() }]);
  const second = await load({ device: 'webgpu' });
  expect(second.attempts).toMatchObject([{ provider: 'webgpu', outcome: 'used', difference: null }]);
  for (const { session } of [first, second]) if (!(session instanceof Error)) await session.dispose();
});

/** In a process of its own: without a usable driver the native code may take its process with it. */
function tryWebGpu(): string {
  const model = path.join(folder, 'stand-in.onnx');
  writeFileSync(model, onnx);
  const script = `const ort = require('onnxruntime-node'); ort.env.logLevel = 'fatal';
    ort.InferenceSession.create(process.argv[1], { executionProviders: ['webgpu'] }).then(
      () => console.log('runs'), (error) => console.log(error.message.split('.').pop()))`;
  const { stdout, signal, status } = spawnSync(process.execPath, ['-e', script, model], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    encoding: 'utf8',
    timeout: 60_000,
  });
  return stdout.trim() || `the process ended with ${signal ?? status}`;
}

/** Copies its input's mean over the channels, for a batch and a size that only the caller knows. */
function buildOpenGraph(): Uint8Array {
  const value = (name: string, channels: number) => ({
    name,
    type: {
      tensorType: {
        elemType: DataType.FLOAT,
        shape: {
          dim: [{ dimParam: 'batch' }, { dimValue: channels }, { dimParam: 'height' }, { dimParam: 'width' }],
        },
      },
    },
  });
  return encodeOnnx({
    irVersion: 8,
    producerName: 'hairline-test',
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'open',
      node: [{ opType: 'Conv', input: ['input', 'weight'], output: ['output'], attribute: [] }],
      initializer: [
        {
          name: 'weight',
          dims: [1, 3, 1, 1],
          dataType: DataType.FLOAT,
          rawData: new Uint8Array(Float32Array.of(1 / 3, 1 / 3, 1 / 3).buffer),
        },
      ],
      input: [value('input', 3)],
      output: [value('output', 1)],
      valueInfo: [],
    },
  });
}
