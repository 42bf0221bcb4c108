import { describe, expect, test } from 'vitest';
import { type ImportedGraph, importGraphDef, importTfjsModel } from '../../../models/import/import-graph.ts';
import { compareRuns, runImported } from '../../../scripts/bench/onnx-runner.ts';
import { runTfjs } from '../../../scripts/bench/tfjs-referee.ts';
import { GraphBuilder, randomNumbers } from './graph-builder.ts';
import { pictureGraphs } from './picture-graphs.ts';
import { shapeGraphs } from './shape-graphs.ts';
import { elementwiseGraphs, reductionGraphs, type SmallGraph } from './small-graphs.ts';

const FAMILIES = {
  elementwise: elementwiseGraphs,
  reduction: reductionGraphs,
  picture: pictureGraphs,
  shape: shapeGraphs,
};

describe.each(Object.entries(FAMILIES))('%s operations', (_, graphs) => {
  test.each(graphs.map((graph) => [graph.name, graph] as const))('%s', async (_name, graph) => {
    await expectSame(graph, false);
    if (graph.shape.length === 4) await expectSame(graph, true);
  });
});

/** Imports the graph from both file formats, which must not matter, and runs it beside TensorFlow.js. */
async function expectSame(small: SmallGraph, behindConvolution: boolean): Promise<void> {
  const g = new GraphBuilder();
  const input = g.input('x', small.shape);
  const output = small.build(g, behindConvolution ? convolution(g, input, small.shape.at(-1)!) : input);
  const { json, weights } = g.toTfjs([output]);
  const imported = importTfjsModel(json, weights);
  expect(Buffer.from(importGraphDef(g.toGraphDef(), { outputs: [output] }).onnx).equals(imported.onnx)).toBe(true);
  const random = randomNumbers(7);
  const length = small.shape.reduce((product, n) => product * n, 1);
  const feeds = { x: { shape: small.shape, data: Float32Array.from({ length }, () => 2 * random() - 1) } };
  const expected = await runTfjs({ json, weights }, feeds, [output], { backend: 'cpu' });
  for (const transposeInputs of [false, true]) {
    const graph: ImportedGraph = importTfjsModel(json, weights, { transposeInputs });
    const got = await runImported(graph, feeds);
    expect(got.outputs[output]!.shape).toEqual(expected.outputs[output]!.shape);
    // What the importer says the shape is, not only what ONNX Runtime finds it to be.
    if (!transposeInputs) expect(graph.outputs[0]!.shape).toEqual(expected.outputs[output]!.shape);
    expect(compareRuns(got.outputs, expected.outputs)).toBeLessThan(2e-5);
  }
}

function convolution(g: GraphBuilder, x: string, channels: number): string {
  return g.op('Conv2D', [x, g.weights([1, 1, channels, channels])], {
    T: { type: 'DT_FLOAT' },
    data_format: 'NHWC',
    padding: 'SAME',
    strides: [1, 1, 1, 1],
    dilations: [1, 1, 1, 1],
  });
}
