import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { decodeOnnx } from '../../../../models/import/onnx-schema.ts';
import { decodeGraphDef, encodeGraphDef } from '../../../../models/import/tf/graph-def-schema.ts';
import { derive } from '../../../../server/registry/install/derive.ts';
import type { ModelSpec } from '../../../../server/registry/spec/model-spec.ts';
import { builtInModelsDir } from '../../../../server/registry/spec/spec-loader.ts';
import { fixture } from '../stand-in-weights.ts';

async function bshm(): Promise<ModelSpec> {
  return JSON.parse(await readFile(path.join(builtInModelsDir, 'bshm', 'model.json'), 'utf8')) as ModelSpec;
}

/** The stand-in with one more output, which goes through an operation that the importer does not know. */
async function withStrangeOutput(of: string): Promise<Uint8Array> {
  const nodes = decodeGraphDef(await fixture('bshm-legacy-fused.pb'));
  return encodeGraphDef([...nodes, { name: 'if_person', op: 'NobodyKnowsThis', input: [of] }]);
}

test('an output that cannot be converted does not matter beside one that can', async () => {
  const spec = await bshm();
  const plain = derive([await fixture('bshm-legacy-fused.pb')], spec.weights.add!.pb!, spec);
  const strange = derive([await withStrangeOutput('input_image')], spec.weights.add!.pb!, spec);
  expect(decodeOnnx(strange).graph.node.length).toBe(decodeOnnx(plain).graph.node.length);
});

test('without a usable output the operation is named', async () => {
  const spec = await bshm();
  const graph = await withStrangeOutput('output_png');
  expect(() => derive([graph], spec.weights.add!.pb!.slice(0, 1), spec)).toThrow('"NobodyKnowsThis"');
});

test('the same files always give the same bytes', async () => {
  const spec = await bshm();
  const once = () => fixture('bshm-half-unfused.pb').then((pb) => derive([pb], spec.weights.add!.pb!, spec));
  expect(Buffer.from(await once()).equals(Buffer.from(await once()))).toBe(true);
});
