import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { freeGrid } from '../../models/import/free-grid.ts';
import {
  AttributeType,
  DataType,
  decodeOnnx,
  encodeOnnx,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../../models/import/onnx-schema.ts';

const int64 = (values: number[]): OnnxTensor => ({
  dims: [values.length],
  dataType: DataType.INT64,
  rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

/** As exporters write it: halved three times by pooling that rounds up, then enlarged to sizes that the graph carries. */
function fixedGraph(side: number): OnnxModel {
  const ints = (name: string, values: number[]) => ({ name, type: AttributeType.INTS, ints: values });
  const text = (name: string, value: string) => ({
    name,
    type: AttributeType.STRING,
    s: new TextEncoder().encode(value),
  });
  const make = (opType: string, input: string[], output: string, attribute: OnnxNode['attribute'] = []): OnnxNode => ({
    opType,
    name: output,
    input,
    output: [output],
    attribute,
  });
  const constant = (output: string, values: number[]) =>
    make('Constant', [], output, [{ name: 'value', type: AttributeType.TENSOR, t: int64(values) }]);
  const pool = (from: string, to: string) =>
    make('MaxPool', [from], to, [
      ints('kernel_shape', [2, 2]),
      ints('strides', [2, 2]),
      { name: 'ceil_mode', type: AttributeType.INT, i: 1 },
    ]);
  const enlarge = (from: string, to: string, size: number) => [
    make('Shape', [from], `${to}-shape`),
    make('Slice', [`${to}-shape`, 'zero', 'two', 'zero'], `${to}-lead`),
    constant(`${to}-tail`, [size, size]),
    make('Concat', [`${to}-lead`, `${to}-tail`], `${to}-sizes`, [{ name: 'axis', type: AttributeType.INT, i: 0 }]),
    make('Resize', [from, '', '', `${to}-sizes`], to, [
      text('coordinate_transformation_mode', 'half_pixel'),
      text('mode', 'linear'),
    ]),
  ];
  const half = (size: number) => Math.ceil(size / 2);
  const value = (name: string) => ({
    name,
    type: {
      tensorType: {
        elemType: DataType.FLOAT,
        shape: { dim: [1, 1, side, side].map((dimValue) => ({ dimValue })) },
      },
    },
  });
  return {
    irVersion: 8,
    producerName: 'hairline-test',
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'fixed',
      node: [
        pool('input', 'half'),
        pool('half', 'quarter'),
        pool('quarter', 'eighth'),
        ...enlarge('eighth', 'up', half(half(side))),
        make('Add', ['up', 'quarter'], 'sum'),
        ...enlarge('sum', 'output', side),
      ],
      initializer: [
        { ...int64([0]), name: 'zero' },
        { ...int64([2]), name: 'two' },
      ],
      input: [value('input')],
      output: [value('output')],
      valueInfo: [],
    },
  };
}

async function run(model: OnnxModel, side: number): Promise<Float32Array> {
  const session = await InferenceSession.create(encodeOnnx(model), { logSeverityLevel: 3 });
  const data = Float32Array.from({ length: side * side }, (_, i) => Math.fround(Math.sin(i * i)));
  const { output } = await session.run({ input: new Tensor('float32', data, [1, 1, side, side]) });
  await session.release();
  return output!.data as Float32Array;
}

const stored = (side: number) => decodeOnnx(encodeOnnx(fixedGraph(side)));

test('computes on its own grid what it did', async () => {
  expect(await run(freeGrid(stored(16), 'input', 16), 16)).toEqual(await run(fixedGraph(16), 16));
});

// 20 and 12 are halved to odd sizes.
test.each([8, 12, 20, 32])('computes on a grid of %i what a graph exported for that does', async (side) => {
  expect(await run(freeGrid(stored(16), 'input', 16), side)).toEqual(await run(fixedGraph(side), side));
});

test('refuses a graph without that input, or with sizes from elsewhere', () => {
  expect(() => freeGrid(stored(16), 'picture', 16)).toThrow('"picture"');
  const model = stored(16);
  model.graph.node = model.graph.node.filter(({ opType }) => opType !== 'Concat');
  expect(() => freeGrid(model, 'input', 16)).toThrow('not a constant');
});
