import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { importGraphDef } from '../../../models/import/import-graph.ts';
import { comparePlanes, runImported } from '../../../scripts/bench/onnx-runner.ts';
import type { Plane } from '../../../scripts/bench/tfjs-referee.ts';

const FIXTURES = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../fixtures/tensorflow');
const listed = JSON.parse(readFileSync(path.join(FIXTURES, 'ops.json'), 'utf8')) as { name: string; shape: number[] }[];

/** Operations computed by TensorFlow itself, for where its kinds of resizing and padding differ in one pixel. */
describe('operations as TensorFlow computes them', () => {
  const graph = readFileSync(path.join(FIXTURES, 'ops.pb'));
  const planes = readPlanes();
  let got: Record<string, Plane>;
  let gotNchw: Record<string, Plane>;

  beforeAll(async () => {
    const outputs = listed.slice(1).map((entry) => entry.name);
    const x = { x: planes.get('x')! };
    got = (await runImported(importGraphDef(graph, { outputs }), x)).outputs;
    gotNchw = (await runImported(importGraphDef(graph, { outputs, transposeInputs: true }), x)).outputs;
  });

  test.each(listed.slice(1).map((entry) => entry.name))('%s', (name) => {
    const expected = planes.get(name)!;
    for (const plane of [got[name]!, gotNchw[name]!]) {
      expect(plane.shape).toEqual(expected.shape);
      expect(comparePlanes(plane, expected)).toBeLessThan(1e-5);
    }
  });
});

function readPlanes(): Map<string, Plane> {
  const bytes = inflateSync(readFileSync(path.join(FIXTURES, 'ops.bin')));
  const floats = new Float32Array(new Uint8Array(bytes).buffer);
  let at = 0;
  return new Map(
    listed.map(({ name, shape }) => {
      const length = shape.reduce((product, n) => product * n, 1);
      at += length;
      return [name, { shape, data: floats.slice(at - length, at) }];
    }),
  );
}
