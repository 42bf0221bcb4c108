import { describe, expect, test } from 'vitest';
import { fitInterface, type MattingInterface } from '../../models/import/onnx-interface.ts';
import {
  AttributeType,
  DataType,
  decodeOnnx,
  encodeOnnx,
  type OnnxModel,
  type OnnxNode,
} from '../../models/import/onnx-schema.ts';
import { createOrtSession } from '../../server/inference/ort-session.ts';

type Dim = number | string;

const wanted: MattingInterface = {
  input: { name: 'picture', shape: [2, 3, 3] },
  output: { name: 'alpha', width: 3, height: 2, candidates: ['mask', 'rgba'] },
};
const picture = Float32Array.from({ length: 18 }, (_, i) => i);

const value = (name: string, dims: Dim[] | null, elemType: number = DataType.FLOAT) => ({
  name,
  type: {
    tensorType: {
      elemType,
      ...(dims && { shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) } }),
    },
  },
});

function model(
  input: ReturnType<typeof value>,
  outputs: ReturnType<typeof value>[],
  node: OnnxNode[],
  initializer: OnnxModel['graph']['initializer'] = [],
): OnnxModel {
  return {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: { name: 'g', node, initializer, input: [input], output: outputs, valueInfo: [] },
  };
}

const mean = (input: string, output: string, axis: number, keepdims = 0): OnnxNode => ({
  opType: 'ReduceMean',
  input: [input],
  output: [output],
  attribute: [
    { name: 'axes', type: AttributeType.INTS, ints: [axis] },
    { name: 'keepdims', type: AttributeType.INT, i: keepdims },
  ],
});

/** Fits the graph, stores and reads it as an installation does, and runs it on the picture 0, 1, 2 … 17. */
async function run(graph: OnnxModel): Promise<{ dims: readonly number[]; alpha: number[] }> {
  const bytes = encodeOnnx(fitInterface(decodeOnnx(encodeOnnx(graph)), wanted));
  const session = await createOrtSession(bytes, 'cpu', { threads: 1, dimensions: {} });
  expect([session.inputNames, session.outputNames]).toEqual([['picture'], ['alpha']]);
  const { alpha } = await session.run({ picture: { data: picture, dims: [2, 3, 3] } }, ['alpha']);
  await session.dispose();
  return { dims: alpha!.dims, alpha: [...alpha!.data] };
}

const means = { dims: [2, 3], alpha: [1, 4, 7, 10, 13, 16] };

describe('a graph gets the wanted interface when', () => {
  test('it has it already', async () => {
    const graph = model(value('picture', [2, 3, 3]), [value('alpha', [2, 3])], [mean('picture', 'alpha', 2)]);
    expect(await run(graph)).toEqual(means);
  });

  test('its names are others and its sizes open', async () => {
    const graph = model(value('x', ['h', 'w', 3]), [value('y', ['h', 'w'])], [mean('x', 'y', 2)]);
    expect(await run(graph)).toEqual(means);
  });

  test('it says nothing about shapes', async () => {
    expect(await run(model(value('x', null), [value('y', null)], [mean('x', 'y', 2)]))).toEqual(means);
  });

  test('it wants a batch of one and gives one', async () => {
    const graph = model(value('x', ['n', 'h', 'w', 3]), [value('y', ['n', 'h', 'w', 1])], [mean('x', 'y', 3, 1)]);
    expect(await run(graph)).toEqual(means);
  });

  test('it uses the wanted names for something else', async () => {
    const inner = { opType: 'Identity', input: ['x'], output: ['alpha'], attribute: [] };
    const graph = model(value('x', [2, 3, 3]), [value('picture', [2, 3])], [inner, mean('alpha', 'picture', 2)]);
    expect(await run(graph)).toEqual(means);
  });

  test('its output is RGBA with the alpha last', async () => {
    const concat: OnnxNode = {
      opType: 'Concat',
      input: ['x', 'm'],
      output: ['rgba'],
      attribute: [{ name: 'axis', type: AttributeType.INT, i: 2 }],
    };
    const graph = model(value('x', ['h', 'w', 3]), [value('rgba', ['h', 'w', 4])], [mean('x', 'm', 2, 1), concat]);
    expect(await run(graph)).toEqual(means);
  });

  test('its output is bytes', async () => {
    const cast: OnnxNode = {
      opType: 'Cast',
      input: ['m'],
      output: ['y'],
      attribute: [{ name: 'to', type: AttributeType.INT, i: DataType.UINT8 }],
    };
    const outputs = [value('y', ['h', 'w'], DataType.UINT8)];
    expect(await run(model(value('x', ['h', 'w', 3]), outputs, [mean('x', 'm', 2), cast]))).toEqual(means);
  });

  test('one of its outputs has a known name', async () => {
    const outputs = [value('person', [2]), value('mask', [2, 3])];
    const nodes = [mean('x', 'mask', 2), mean('mask', 'person', 1)];
    expect(await run(model(value('x', [2, 3, 3]), outputs, nodes))).toEqual(means);
  });
});

describe('a graph is refused when', () => {
  const alpha = value('y', ['h', 'w']);
  const nodes = [mean('x', 'y', 2)];
  test.each<[string, OnnxModel, string]>([
    [
      'it takes another size',
      model(value('x', [4, 4, 3]), [alpha], nodes),
      'its input "x" is 4 x 4 x 3, and 2 x 3 x 3 is needed',
    ],
    ['it takes planes', model(value('x', [1, 3, 2, 3]), [alpha], nodes), 'its input "x" is 1 x 3 x 2 x 3'],
    ['it takes bytes', model(value('x', [2, 3, 3], DataType.UINT8), [alpha], nodes), 'does not take 32-bit floats'],
    [
      'its output has another size',
      model(value('x', [2, 3, 3]), [value('y', [3, 3])], nodes),
      'its output "y" is 3 x 3, not 2 x 3',
    ],
    [
      'its output has three channels',
      model(value('x', [2, 3, 3]), [value('y', [2, 3, 3])], nodes),
      'its output "y" is 2 x 3 x 3',
    ],
    [
      'no output is known',
      model(value('x', [2, 3, 3]), [value('a', [2, 3]), value('b', [2, 3])], nodes),
      'none of its outputs (a, b)',
    ],
  ])('%s', (_, graph, sentence) => {
    expect(() => fitInterface(graph, wanted)).toThrow(sentence);
  });

  test('it takes more than a picture', () => {
    const graph = model(value('x', [2, 3, 3]), [alpha], nodes);
    graph.graph.input.push(value('state', [1]));
    expect(() => fitInterface(graph, wanted)).toThrow('it takes 2 inputs (x, state) instead of one picture "picture"');
  });
});
