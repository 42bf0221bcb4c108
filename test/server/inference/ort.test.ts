import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { AttributeType, DataType, encodeOnnx, type OnnxNode } from '../../../models/import/onnx-schema.ts';
import { loadSession } from '../../../server/inference/load-session.ts';
import { createOrtSession } from '../../../server/inference/ort-session.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';

const SIDE = 8;
const { spec, onnx } = buildStandIn(SIDE);
const plain = { threads: 1, dimensions: {} };
const cpu = { device: 'cpu', threads: 1, strict: false, recheck: false, cacheDir: tmpdir() } as const;

/** A network of the stand-in's shape whose nodes are given: `input` (3 channels) to `output` (1 channel). */
function network(
  node: Omit<OnnxNode, 'attribute'>[],
  constants: Record<string, number> = {},
  channels = 1,
): Uint8Array {
  const value = (name: string, depth: number) => ({
    name,
    type: {
      tensorType: {
        elemType: DataType.FLOAT,
        shape: { dim: [1, depth, SIDE, SIDE].map((dimValue) => ({ dimValue })) },
      },
    },
  });
  const mean: OnnxNode = {
    opType: 'ReduceMean',
    input: ['input'],
    output: ['mean'],
    attribute: [{ name: 'axes', type: AttributeType.INTS, ints: [1] }],
  };
  return encodeOnnx({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'odd',
      node: [mean, ...node.map((n) => ({ ...n, attribute: [] }))],
      initializer: Object.entries(constants).map(([name, v]) => ({
        name,
        dims: [1],
        dataType: DataType.FLOAT,
        rawData: new Uint8Array(Float32Array.of(v).buffer),
      })),
      input: [value('input', 3)],
      output: [value('output', channels)],
      valueInfo: [],
    },
  });
}

describe('createOrtSession', () => {
  it('runs the stand-in network as computed by hand', async () => {
    const session = await createOrtSession(onnx, 'cpu', plain);
    expect(session).toMatchObject({ provider: 'cpu', reason: null, inputNames: ['input'], outputNames: ['output'] });
    const data = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => i / 100);
    const { output } = await session.run({ input: { data, dims: [1, 3, SIDE, SIDE] } }, ['output']);
    expect(output?.dims).toEqual([1, 1, SIDE, SIDE]);
    for (let i = 0; i < SIDE * SIDE; i++)
      expect(output?.data[i]).toBeCloseTo((data[i]! + data[i + 64]! + data[i + 128]!) / 3, 5);
    await session.dispose();
  });

  it('reports what the runtime says of a file that is no network', async () => {
    await expect(createOrtSession(Uint8Array.of(1, 2, 3), 'cpu', plain)).rejects.toThrow();
  });

  it('refuses inputs of the wrong shape and outputs that are not there', async () => {
    const session = await createOrtSession(onnx, 'cpu', plain);
    const input = { data: new Float32Array(12), dims: [1, 3, 2, 2] };
    await expect(session.run({ input }, ['output'])).rejects.toThrow();
    await expect(
      session.run({ input: { data: new Float32Array(192), dims: [1, 3, 8, 8] } }, ['nope']),
    ).rejects.toThrow();
    await session.dispose();
  });
});

describe('loadSession', () => {
  it('takes a network that sees something', async () => {
    const session = await loadSession(spec, onnx, cpu);
    expect(session.provider).toBe('cpu');
    await session.dispose();
  });

  const BROKEN: [name: string, weights: Uint8Array][] = [
    ['infinite answers', network([{ opType: 'Div', input: ['mean', 'zero'], output: ['output'] }], { zero: 0 })],
    ['an answer of another size', network([{ opType: 'Identity', input: ['input'], output: ['output'] }], {}, 3)],
    [
      'an output of another name',
      network([
        { opType: 'Identity', input: ['mean'], output: ['matte'] },
        { opType: 'Identity', input: ['mean'], output: ['output2'] },
      ]),
    ],
    ['a file that is no network', Buffer.from('not a network')],
  ];
  it.each(BROKEN)('rejects %s', async (_name, weights) => {
    await expect(loadSession(spec, weights, cpu)).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
  });
});
