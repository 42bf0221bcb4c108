import { describe, expect, test } from 'vitest';
import { importTfjsModel } from '../../../models/import/import-graph.ts';
import { compareRuns, runImported } from '../../../scripts/bench/onnx-runner.ts';
import { type Plane, runTfjs } from '../../../scripts/bench/tfjs-referee.ts';
import { GraphBuilder } from './graph-builder.ts';

const FLOAT = { T: { type: 'DT_FLOAT' } };
const INT = { T: { type: 'DT_INT32' } };
const TO_FLOAT = { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } };
const TO_INT = { SrcT: { type: 'DT_FLOAT' }, DstT: { type: 'DT_INT32' } };

type Build = (g: GraphBuilder, x: string) => string;

/** Networks on a picture of unknown size, as older TensorFlow code writes the shape arithmetic around them. */
const graphs: Record<string, Build> = {
  'strides and pools with SAME padding': (g, x) => {
    const half = conv(g, x, 3, 4, 2);
    return pool(g, conv(g, half, 4, 4), 3, 2);
  },
  'enlarging to the size of a skip connection': (g, x) => {
    const small = pool(g, conv(g, x, 3, 4), 2, 2);
    const size = part(g, shape(g, x), 1, 3);
    const up = g.op('ResizeBilinear', [conv(g, small, 4, 4), size], { ...FLOAT, align_corners: true });
    return conv(g, g.op('ConcatV2', [up, x, g.ints(3)], { ...FLOAT, N: 2 }), 7, 2);
  },
  'a transposed convolution sized by shape arithmetic': (g, x) => {
    const dims = shape(g, x);
    const twice = (i: number) => g.op('Mul', [element(g, dims, i), g.ints(2)], INT);
    const size = g.op('Pack', [element(g, dims, 0), twice(1), twice(2), g.ints(5)], { ...INT, axis: 0, N: 4 });
    return g.op('Conv2DBackpropInput', [size, g.weights([4, 4, 5, 3]), x], window(2));
  },
  'a size computed in floating point': (g, x) => {
    const scale = (i: number) => {
      const length = g.op('Cast', [element(g, shape(g, x), i)], TO_FLOAT);
      return g.op('Cast', [g.op('Floor', [g.op('Mul', [length, g.floats(0.6)], FLOAT)], FLOAT)], TO_INT);
    };
    const size = g.op('Pack', [scale(1), scale(2)], { ...INT, axis: 0, N: 2 });
    const small = g.op('ResizeBilinear', [x, size], { ...FLOAT, half_pixel_centers: true });
    return g.op('ResizeNearestNeighbor', [conv(g, small, 3, 4), part(g, shape(g, x), 1, 3)], FLOAT);
  },
  'padding to a multiple, then cutting it off': (g, x) => {
    const dims = shape(g, x);
    const length = element(g, dims, 1);
    const padded = g.op('Pad', [x, g.ints([0, 0, 0, 8, 0, 8, 0, 0], [4, 2])], FLOAT);
    const size = g.op('Pack', [g.ints(-1), length, element(g, dims, 2), g.ints(-1)], { ...INT, axis: 0, N: 4 });
    return g.op('Slice', [conv(g, padded, 3, 4), g.ints([0, 0, 0, 0]), size], FLOAT);
  },
  'a cut that ends at another shape': (g, x) => {
    const dims = shape(g, x);
    const end = g.op('FloorDiv', [part(g, dims, 1, 3), g.ints(2)], INT);
    const to = g.op('ConcatV2', [g.ints([0]), end, g.ints([0]), g.ints(0)], { ...INT, N: 3 });
    const masks = { begin_mask: 9, end_mask: 9 };
    const from = g.ints([0, 1, 1, 0]);
    return g.op('StridedSlice', [conv(g, x, 3, 4), from, to, g.ints([1, 1, 1, 1])], { ...FLOAT, ...masks });
  },
  'flattening and unflattening': (g, x) => {
    const flat = g.op('Reshape', [conv(g, x, 3, 4), g.ints([1, -1, 4])], FLOAT);
    const softmax = g.op('Softmax', [flat], FLOAT);
    const dims = shape(g, x);
    const back = [element(g, dims, 0), element(g, dims, 1), element(g, dims, 2), g.ints(4)];
    return conv(g, g.op('Reshape', [softmax, g.op('Pack', back, { ...INT, axis: 0, N: 4 })], FLOAT), 4, 2);
  },
  'a uniform picture of the same size': (g, x) => {
    const dims = shape(g, x);
    const ones = g.op('Fill', [dims, g.floats(0.25)], FLOAT);
    return g.op('ConcatV2', [x, conv(g, g.op('Add', [x, ones], FLOAT), 3, 2), ones, g.ints(3)], { ...FLOAT, N: 3 });
  },
};

describe('graphs on pictures of open size', () => {
  test.each(Object.entries(graphs))('%s', async (_, build) => {
    const g = new GraphBuilder();
    const output = build(g, g.input('x', [-1, -1, -1, 3]));
    const { json, weights } = g.toTfjs([output]);
    const open = importTfjsModel(json, weights);
    expect(open.inputs[0]!.shape).toEqual([1, 'x_height', 'x_width', 3]);
    for (const [height, width] of [
      [12, 16],
      [15, 9],
    ] as const) {
      const feeds = { x: picture(height, width) };
      const expected = await runTfjs({ json, weights }, feeds, [output], { backend: 'cpu' });
      const fixed = importTfjsModel(json, weights, { inputs: { x: { shape: [1, height, width, 3] } } });
      expect(fixed.ops.Shape).toBeUndefined();
      expect(fixed.outputs[0]!.shape).toEqual(expected.outputs[output]!.shape);
      for (const graph of [open, fixed]) {
        const got = await runImported(graph, feeds);
        expect(got.outputs[output]!.shape).toEqual(expected.outputs[output]!.shape);
        expect(compareRuns(got.outputs, expected.outputs)).toBeLessThan(1e-5);
      }
    }
  });
});

function picture(height: number, width: number): Plane {
  const data = Float32Array.from({ length: height * width * 3 }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * 0.011));
  return { shape: [1, height, width, 3], data };
}

function window(stride: number) {
  return { ...FLOAT, data_format: 'NHWC', padding: 'SAME', strides: [1, stride, stride, 1], dilations: [1, 1, 1, 1] };
}

function conv(g: GraphBuilder, x: string, inputs: number, outputs: number, stride = 1): string {
  return g.op('Conv2D', [x, g.weights([3, 3, inputs, outputs])], window(stride));
}

function pool(g: GraphBuilder, x: string, size: number, stride: number): string {
  return g.op('MaxPool', [x], { ...window(stride), ksize: [1, size, size, 1] });
}

function shape(g: GraphBuilder, x: string): string {
  return g.op('Shape', [x], { ...FLOAT, out_type: { type: 'DT_INT32' } });
}

function part(g: GraphBuilder, vector: string, from: number, to: number): string {
  return g.op('StridedSlice', [vector, g.ints([from]), g.ints([to]), g.ints([1])], INT);
}

function element(g: GraphBuilder, vector: string, i: number): string {
  return g.op('StridedSlice', [vector, g.ints([i]), g.ints([i + 1]), g.ints([1])], { ...INT, shrink_axis_mask: 1 });
}
