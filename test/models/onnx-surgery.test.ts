import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { DataType, decodeOnnx, encodeOnnx, type OnnxModel } from '../../models/import/onnx-schema.ts';
import { fixInputs, halfToFloat, keepOutputs, widenFloat16 } from '../../models/import/onnx-surgery.ts';
import { tinyModel } from '../server/registry/tiny-model.ts';

async function run(model: OnnxModel) {
  const session = await InferenceSession.create(encodeOnnx(model), {
    executionProviders: ['cpu'],
    logSeverityLevel: 3,
  });
  const data = Float32Array.from({ length: 3 * 64 }, (_, i) => Math.fround(Math.sin(i)));
  const results = await session.run({ input: new Tensor('float32', data, [1, 3, 8, 8]) });
  const outputs = Object.fromEntries(Object.entries(results).map(([k, v]) => [k, v.data as Float32Array]));
  await session.release();
  return outputs;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** As read from a file, where 64-bit integers are Long objects and tensor bytes are views. */
const stored = () => decodeOnnx(encodeOnnx(tinyModel()));

describe('ONNX file', () => {
  test('survives decoding and encoding byte for byte', () => {
    const bytes = encodeOnnx(tinyModel());
    expect(encodeOnnx(decodeOnnx(bytes))).toEqual(bytes);
  });

  test('is refused when it is something else', () => {
    expect(() => decodeOnnx(new Uint8Array([1, 2, 3]))).toThrow();
    expect(() => decodeOnnx(new Uint8Array())).toThrow('no ONNX graph');
  });
});

describe('keepOutputs', () => {
  test('cuts nodes and weights of the other output, and keeps the numbers', async () => {
    const cut = keepOutputs(stored(), ['alpha']);
    expect(cut.graph.output.map((o) => o.name)).toEqual(['alpha']);
    expect(cut.graph.node).toHaveLength(4);
    expect(cut.graph.initializer.map((t) => t.name)).toEqual(['w', 'b']);
    const [before, after] = [await run(stored()), await run(cut)];
    expect(Object.keys(after)).toEqual(['alpha']);
    expect(after.alpha).toEqual(before.alpha);
  });

  test('names an output that is not there', () => {
    expect(() => keepOutputs(stored(), ['pha'])).toThrow('"pha"');
  });
});

describe('fixInputs', () => {
  test('computes what the same value given as an input would', async () => {
    const model = stored();
    const fixed = fixInputs(model, { input: { shape: [1, 3, 8, 8], value: 0.25 } });
    expect(fixed.graph.input).toEqual([]);
    const sessions = await Promise.all(
      [model, fixed].map((m) =>
        InferenceSession.create(encodeOnnx(m), { executionProviders: ['cpu'], logSeverityLevel: 3 }),
      ),
    );
    const input = new Tensor('float32', new Float32Array(192).fill(0.25), [1, 3, 8, 8]);
    const [before, after] = [await sessions[0]!.run({ input }), await sessions[1]!.run({})];
    expect(after.alpha!.data).toEqual(before.alpha!.data);
    await Promise.all(sessions.map((session) => session.release()));
  });

  test('names an input that is not there', () => {
    expect(() => fixInputs(stored(), { src: { shape: [1], value: 0 } })).toThrow('"src"');
  });
});

describe('widenFloat16', () => {
  test('leaves no half precision, and stays within half precision of the original', async () => {
    const wide = widenFloat16(stored());
    expect(wide.graph.initializer.map((t) => t.dataType)).not.toContain(DataType.FLOAT16);
    const [before, after] = [await run(stored()), await run(wide)];
    expect(largestDifference(before.alpha!, after.alpha!)).toBeLessThan(1e-3);
    expect(largestDifference(before.side!, after.side!)).toBeLessThan(5e-3);
  });

  test('widens weights exactly, from raw bytes and from int32_data', () => {
    const floats = (model: OnnxModel) => {
      const raw = model.graph.initializer[0]!.rawData!;
      return [...new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength))];
    };
    const model = tinyModel();
    expect(floats(widenFloat16(model))).toEqual([1, -0.5, 0.25]);
    const { rawData: _, ...rest } = model.graph.initializer[0]!;
    model.graph.initializer[0] = { ...rest, int32Data: [0x3c00, 0xb800, 0x3400] };
    expect(floats(widenFloat16(decodeOnnx(encodeOnnx(model))))).toEqual([1, -0.5, 0.25]);
  });

  test('widens constants, inputs and outputs too', () => {
    const model = tinyModel();
    const half = model.graph.initializer[0]!;
    model.graph.node[1]!.attribute = [{ name: 'value', type: 4, t: half }];
    model.graph.input[0]!.type!.tensorType!.elemType = DataType.FLOAT16;
    const { graph } = widenFloat16(model);
    expect(graph.node[1]!.attribute[0]!.t!.dataType).toBe(DataType.FLOAT);
    expect(graph.input[0]!.type!.tensorType!.elemType).toBe(DataType.FLOAT);
    expect(graph.input[0]!.type!.tensorType!.shape!.dim).toHaveLength(4);
    expect(graph.valueInfo).toEqual([]);
  });
});

describe('halfToFloat', () => {
  test.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x83ff, -1023 * 2 ** -24],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('%i is %d', (bits, value) => {
    expect(halfToFloat(bits)).toBe(value);
  });
});
