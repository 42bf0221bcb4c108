import { describe, expect, it } from 'vitest';
import { AttributeType, DataType, encodeOnnx, type OnnxNode } from '../../../models/import/onnx-schema.ts';
import { loadSession } from '../../../server/inference/load-session.ts';
import { createOrtSession } from '../../../server/inference/ort-session.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';

const SIDE = 8;
const { spec, onnx } = buildStandIn(SIDE);
const cpu = { device: 'cpu', threads: 1 } as const;
const fine = async () => undefined;

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
    const session = await createOrtSession(onnx, { providers: ['cpu'], threads: 1, probe: fine });
    expect(session).toMatchObject({ provider: 'cpu', reason: null, inputNames: ['input'], outputNames: ['output'] });
    const data = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => i / 100);
    const { output } = await session.run({ input: { data, dims: [1, 3, SIDE, SIDE] } }, ['output']);
    expect(output?.dims).toEqual([1, 1, SIDE, SIDE]);
    for (let i = 0; i < SIDE * SIDE; i++)
      expect(output?.data[i]).toBeCloseTo((data[i]! + data[i + 64]! + data[i + 128]!) / 3, 5);
    await session.dispose();
  });

  it('goes on to the next provider and says why', async () => {
    const session = await createOrtSession(onnx, { providers: ['dml', 'cpu'], threads: 1, probe: fine });
    expect(session.provider).toBe(process.platform === 'win32' ? session.provider : 'cpu');
    if (session.provider === 'cpu') expect(session.reason).toMatch(/^dml: ./);
    await session.dispose();
  });

  it('goes on when a provider fails the probe', async () => {
    let probes = 0;
    const session = await createOrtSession(onnx, {
      providers: ['cpu', 'cpu'],
      threads: 1,
      probe: async () => {
        if (++probes === 1) throw new Error('flat\nand more');
      },
    });
    expect([session.provider, session.reason, probes]).toEqual(['cpu', 'cpu: flat', 2]);
    await session.dispose();
  });

  it('collects every reason when nothing works', async () => {
    const probe = () => Promise.reject(new Error('flat'));
    const failed = createOrtSession(onnx, { providers: ['cpu', 'cpu'], threads: 1, probe });
    await expect(failed).rejects.toMatchObject({ message: 'cpu: flat; cpu: flat', errors: [{}, {}] });
    await expect(createOrtSession(onnx, { providers: [], threads: 1, probe: fine })).rejects.toThrow(
      'no execution provider',
    );
    await expect(
      createOrtSession(Uint8Array.of(1, 2, 3), { providers: ['cpu'], threads: 1, probe: fine }),
    ).rejects.toThrow('cpu: ');
  });

  it('refuses inputs of the wrong shape and outputs that are not there', async () => {
    const session = await createOrtSession(onnx, { providers: ['cpu'], threads: 1, probe: fine });
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

  const BROKEN: [name: string, weights: Uint8Array, why: string][] = [
    ['a flat answer', network([{ opType: 'Mul', input: ['mean', 'zero'], output: ['output'] }], { zero: 0 }), 'flat'],
    ['answers that are not numbers', network([{ opType: 'Log', input: ['mean'], output: ['output'] }]), 'not numbers'],
    [
      'infinite answers',
      network([{ opType: 'Div', input: ['mean', 'zero'], output: ['output'] }], { zero: 0 }),
      'not numbers',
    ],
    [
      'an answer of another size',
      network([{ opType: 'Identity', input: ['input'], output: ['output'] }], {}, 3),
      '192 values',
    ],
    [
      'an output of another name',
      network([
        { opType: 'Identity', input: ['mean'], output: ['matte'] },
        { opType: 'Identity', input: ['mean'], output: ['output2'] },
      ]),
      'cpu',
    ],
    ['a file that is no network', Buffer.from('not a network'), 'cpu'],
  ];
  it.each(BROKEN)('rejects %s', async (_name, weights, why) => {
    const failed = loadSession(spec, weights, cpu);
    await expect(failed).rejects.toMatchObject({ code: 'INFERENCE_FAILED', message: expect.stringContaining(why) });
  });
});
