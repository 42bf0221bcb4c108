import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { importGraphDef, inspectGraphDef } from '../../../models/import/import-graph.ts';
import { bshmOptions } from '../../../models/import/presets.ts';
import { comparePlanes, runImported } from '../../../scripts/bench/onnx-runner.ts';
import { type Plane, runTfjs } from '../../../scripts/bench/tfjs-referee.ts';
import { buildStandIn, FULL_SIZE, SMALL, type StandIn } from './bshm-stand-in.ts';

const FIXTURES = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../fixtures/tensorflow');
const TOLERANCE = 1e-3;

let photo: Plane;

beforeAll(async () => {
  const { data, info } = await sharp(path.join(FIXTURES, 'photo.png')).raw().toBuffer({ resolveWithObject: true });
  photo = { shape: [info.height, info.width, 3], data: Float32Array.from(data) };
});

describe('graphs frozen by TensorFlow', () => {
  const names = ['bshm-legacy-fused', 'bshm-corners-folded', 'bshm-half-unfused'];

  test.each(names)('%s gives the alpha TensorFlow computed', async (name) => {
    const graph = readFileSync(path.join(FIXTURES, `${name}.pb`));
    const expected = await readAlpha(name);
    const [height, width] = photo.shape as [number, number];
    for (const options of [bshmOptions(), bshmOptions({ height, width })]) {
      const imported = importGraphDef(graph, options);
      expect(imported.inputs[0]).toMatchObject({ name: 'input_image', layout: 'plain' });
      const { outputs } = await runImported(imported, { input_image: photo });
      const alpha = alphaOf(Object.values(outputs)[0]!);
      expect(alpha.shape).toEqual([height, width]);
      expect(comparePlanes(alpha, expected)).toBeLessThan(TOLERANCE);
    }
  });

  test.each(names)('%s has one layout change per picture and no norms left', (name) => {
    const graph = readFileSync(path.join(FIXTURES, `${name}.pb`));
    const { ops, inputs, outputs } = importGraphDef(graph, bshmOptions({ height: 768, width: 640 }));
    expect(ops.Transpose).toBe(1);
    expect(ops.BatchNormalization).toBeUndefined();
    expect(ops.Shape).toBeUndefined();
    expect(inputs[0]!.shape).toEqual([768, 640, 3]);
    expect(outputs[0]!.shape.slice(0, 2)).toEqual([768, 640]);
    // All that is left of batch norm and bias are numbers inside convolutions: scaling the input is the only other sum.
    expect((ops.Add ?? 0) + (ops.Sub ?? 0)).toBe(1);
  });

  test('a graph says which heads it has', () => {
    const { inputs, outputs, ops } = inspectGraphDef(readFileSync(path.join(FIXTURES, 'bshm-corners-folded.pb')));
    expect(inputs).toEqual(['input_image']);
    expect(outputs).toEqual(['output_alpha']);
    expect(ops.Conv2DBackpropInput).toBe(5);
  });

  test('output_png carries the input picture', async () => {
    const imported = importGraphDef(readFileSync(path.join(FIXTURES, 'bshm-legacy-fused.pb')));
    const { outputs } = await runImported(imported, { input_image: photo });
    const { data } = outputs.output_png!;
    const colors = photo.data.map((_, i) => data[Math.floor(i / 3) * 4 + (i % 3)]!);
    expect(colors).toEqual(photo.data);
  });
});

describe('stand-in graphs with the sizes of BSHM', () => {
  const variants: Omit<StandIn, 'coarse' | 'fine'>[] = [
    { placement: 'legacy', norm: 'fused', head: 'output_png' },
    { placement: 'legacy', norm: 'folded', head: 'output_alpha' },
    { placement: 'align_corners', norm: 'unfolded', head: 'output_png' },
    { placement: 'half_pixel_centers', norm: 'fused', head: 'output_alpha' },
  ];

  test.each(variants)('small, $placement, norm $norm, $head', async (variant) => {
    await expectSame({ ...SMALL, ...variant });
  });

  test('full size', async () => {
    const { parameters } = await expectSame({ ...FULL_SIZE, ...variants[0]! });
    expect(parameters).toBeGreaterThan(25e6);
  });
});

async function expectSame(options: StandIn): Promise<{ parameters: number }> {
  const { graph, output, parameters } = buildStandIn(options);
  const { json, weights } = graph.toTfjs([output]);
  const expected = alphaOf((await runTfjs({ json, weights }, { input_image: photo }, [output])).outputs[output]!);
  const bytes = graph.toGraphDef();
  const imported = importGraphDef(bytes);
  const got = await runImported(imported, { input_image: photo });
  const alpha = alphaOf(got.outputs[output]!);
  // An alpha that is the same everywhere would agree with anything.
  expect(spreadOf(expected)).toBeGreaterThan(10);
  expect(comparePlanes(alpha, expected)).toBeLessThan(TOLERANCE);
  return { parameters };
}

/** The fourth channel of RGBA, or the mask itself. */
function alphaOf({ shape, data }: Plane): Plane {
  const [height, width, channels] = shape as [number, number, number?];
  if (!channels) return { shape, data };
  return { shape: [height, width], data: Float32Array.from({ length: height * width }, (_, i) => data[4 * i + 3]!) };
}

function spreadOf({ data }: Plane): number {
  let [low, high] = [255, 0];
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high - low;
}

async function readAlpha(name: string): Promise<Plane> {
  const file = sharp(path.join(FIXTURES, `${name}.png`)).toColorspace('grey16');
  const { data, info } = await file.raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true });
  const levels = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  return { shape: [info.height, info.width], data: Float32Array.from(levels, (v) => (v * 255) / 65535) };
}
